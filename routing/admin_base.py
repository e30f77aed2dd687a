"""The admin's building blocks, and besides its site all that imports Unfold: a change of theme is a change here.

Four habits are built in. A save writes the columns that were changed and no others, so an edit never overwrites what
the engine wrote meanwhile. A broken constraint is told at the field that can mend it. Times are those of the person who
looks. Rows that record what happened are looked at, not edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, Model
from django.forms.models import InlineForeignKeyField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    RadioFilter,
)
from unfold.contrib.import_export.forms import ImportForm, SelectableFieldsExportForm
from unfold.decorators import action, display
from unfold.forms import (
    AdminPasswordChangeForm,
    BaseDialogForm,
    PaginationInlineFormSet,
)
from unfold.forms import UserChangeForm as UnfoldUserChangeForm
from unfold.forms import UserCreationForm as UnfoldUserCreationForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from routing.admin_history import say_changes

__all__ = [
    "AdminPasswordChangeForm",
    "AuthUserAdmin",
    "AutocompleteSelectFilter",
    "BaseDialogForm",
    "BooleanRadioFilter",
    "ChoicesDropdownFilter",
    "HistoryModelAdmin",
    "ImportExportAdmin",
    "ModelAdmin",
    "ModelForm",
    "PaginationInlineFormSet",
    "RadioFilter",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "StackedInline",
    "TabularInline",
    "UnfoldAdminSelectWidget",
    "UnfoldAdminTextInputWidget",
    "UnfoldAdminTextareaWidget",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "after_action",
    "business_now",
    "display",
]

_Row = TypeVar("_Row", bound=Model)
_Parent = TypeVar("_Parent", bound=Model)

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline
    _StackedInline = admin.StackedInline
    _ModelForm = forms.ModelForm
    _Options = admin.options.BaseModelAdmin
    _History = admin.ModelAdmin
    _ImportExport = admin.ModelAdmin
    AuthUserAdmin = UserAdmin
    UserChangeForm = auth_forms.UserChangeForm
    UserCreationForm = auth_forms.AdminUserCreationForm
else:
    # Django's own classes cannot be subscripted at run time; the type checker's stubs ask for it.
    def _subscriptable(base: type) -> type:
        body = {"__class_getitem__": classmethod(lambda cls, _: cls), "__module__": __name__}
        return type(base)(base.__name__, (base,), body)

    _ModelAdmin = _subscriptable(UnfoldModelAdmin)
    _TabularInline = _subscriptable(UnfoldTabularInline)
    _StackedInline = _subscriptable(UnfoldStackedInline)
    _History = _subscriptable(SimpleHistoryAdmin)
    _ImportExport = _subscriptable(ImportExportModelAdmin)

    AuthUserAdmin = _subscriptable(UserAdmin)
    _ModelForm = _subscriptable(forms.ModelForm)
    UserChangeForm = _subscriptable(UnfoldUserChangeForm)
    UserCreationForm = _subscriptable(UnfoldUserCreationForm)

    class _Options:
        def __class_getitem__(cls, _: object) -> type:
            return cls


def save_changed(row: Model, names: Iterable[str]) -> None:
    """Writes the named columns of an existing row; nothing at all when none of them is a column."""
    wanted = frozenset(names)
    columns = [column.name for column in row._meta.concrete_fields if column.name in wanted]
    if columns:
        row.save(update_fields=columns)


class KnownAutocomplete(AutocompleteSelect):
    """An autocomplete that is told its present choice, where Django would ask the database once per line of a table."""

    known: Model | None = None

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        if self.known is None or list(value) != [str(self.known.pk)]:
            return super().optgroups(name, value, attr)
        label = self.choices.field.label_from_instance(self.known)
        nothing = [] if self.is_required else [self.create_option(name, "", "", selected=False, index=0)]
        return [(None, [*nothing, self.create_option(name, self.known.pk, label, selected=True, index=1)], 0)]


class ModelForm(_ModelForm[_Row]):
    """A form that writes what was changed, and tells of a broken constraint where it can be mended."""

    broken: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Constraint name -> the field to mend and the sentence to show; others speak with their own message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            if isinstance(widget, KnownAutocomplete) and name in self.instance._state.fields_cache:
                widget.known = getattr(self.instance, name)

    def _post_clean(self) -> None:
        # Django would put every broken constraint above the form; we look at them one by one instead.
        vars(self.instance)["validate_constraints"] = lambda **_: None
        try:
            super()._post_clean()  # type: ignore[misc]  # Django's own hook
        finally:
            del vars(self.instance)["validate_constraints"]
        # A row that exists is checked as a whole, also by what the form does not show; a new one by what it shows.
        new = self.instance._state.adding
        exclude = self._get_validation_exclusions() if new else set(self.errors)  # type: ignore[attr-defined]
        exclude |= {name for name, field in self.fields.items() if isinstance(field, InlineForeignKeyField)}
        for model, constraints in self.instance.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model, self.instance, exclude=exclude)
                except ValidationError as error:
                    field, sentence = self.broken.get(constraint.name, (None, None))
                    self.add_error(field if field in self.fields else None, sentence or error)

    def _update_errors(self, errors: ValidationError) -> None:
        # What was typed and could not be read has its complaint; the row would add one about its value of before.
        told = getattr(errors, "error_dict", {})
        for name in set(told) & set(self.errors):
            del told[name]
        super()._update_errors(errors)  # type: ignore[misc]  # Django's own hook

    def save(self, commit: bool = True) -> _Row:
        if not commit or self.instance._state.adding or self.errors:
            return super().save(commit=commit)
        save_changed(self.instance, self.changed_data)
        self._save_m2m()  # type: ignore[attr-defined]
        return self.instance


class Knowing(_Options[_Row]):
    """For pages and tables: their autocompletes know their choice."""

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KnownAutocomplete(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _in_the_readers_zone(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Reads and shows times on the clock of whoever is signed in; the page is rendered under it too."""

    @wraps(view)
    def shown(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(ZoneInfo(getattr(request.user, "time_zone", "UTC"))):
            response = view(self, request, *args, **kwargs)
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return shown


class ModelAdmin(Knowing[_Row], _ModelAdmin[_Row]):
    """What every admin page of the product has in common."""

    form: type[forms.ModelForm[_Row]] = ModelForm
    list_per_page = 50
    list_filter_sheet = False
    compressed_fields = True
    warn_unsaved_form = True
    lock_on_save: ClassVar[bool] = False
    """Holds the row while a form is saved, so that nobody publishes it in between."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> _Row | None:
        row = super().get_object(request, object_id, from_field)
        if row is not None and self.lock_on_save and request.method == "POST":
            # Read again under the lock: what was true a moment ago may not be now.
            return self.get_queryset(request).select_for_update(of=("self",)).filter(pk=row.pk).first()
        return row

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        # Django would lead to the first page. What one may not see does not exist, here as on the pages.
        raise Http404

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Django opens a folded part with an error in it, but not one whose fields stand side by side.
        shown = context["adminform"]
        shown.fieldsets = [
            (title, {**options, "classes": ()} if shown.form.errors.keys() & flatten(options["fields"]) else options)
            for title, options in shown.fieldsets
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: _Row, form: Any, change: bool) -> None:
        if change:
            save_changed(obj, form.changed_data)
        else:
            super().save_model(request, obj, form, change)

    @_in_the_readers_zone
    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changelist_view(request, *args, **kwargs)

    @_in_the_readers_zone
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    @_in_the_readers_zone
    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().history_view(request, *args, **kwargs)


class ReadOnlyAdmin(ModelAdmin[_Row]):
    """Rows that tell what happened: to be looked at by whoever may view them, and changed by nobody."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: _Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: _Row | None = None) -> bool:
        return False


class HistoryModelAdmin(ModelAdmin[_Row], _History[_Row]):
    """Roster data, with every earlier version to look at. Going back is done by editing, which checks what it saves."""

    object_history_list_template = "admin/roster_history.html"

    def set_history_delta_changes(self, request: HttpRequest, historical_records: Iterable[Any], **_: Any) -> None:
        """Says on every version what was changed, in words."""
        say_changes(historical_records)

    def revert_disabled(self, request: HttpRequest, obj: _Row | None = None) -> bool:
        return True

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # simple-history would let whoever may look post the old version back.
        if request.method == "POST":
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)  # type: ignore[no-any-return,misc]


class ImportExportAdmin(ModelAdmin[_Row], _ImportExport[_Row]):
    """CSV and XLSX in and out: out for whoever may look, in for whoever may add and change."""

    import_form_class = ImportForm
    export_form_class = SelectableFieldsExportForm
    formats = (CSV, XLSX)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class TabularInline(Knowing[_Row], _TabularInline[_Row, _Parent]):
    """Children as lines of a table; no empty lines until somebody asks for one, and no title above each line."""

    form: type[forms.ModelForm[_Row]] = ModelForm
    extra = 0
    hide_title = True


class StackedInline(Knowing[_Row], _StackedInline[_Row, _Parent]):
    """Children as blocks."""

    form: type[forms.ModelForm[_Row]] = ModelForm
    extra = 0


class ReadOnlyInline(TabularInline[_Row, _Parent]):
    """Children that tell what happened."""

    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def business_now() -> datetime:
    """The business instant, aware, UTC: the admin is a door, and hands the time down like every door.

    The settings name the clock, for the demo's stands in an app above this one.
    """
    instant: datetime = import_string(settings.BUSINESS_CLOCK)()
    return instant


def after_action(request: HttpRequest, url: str) -> HttpResponse:
    """Goes to `url` after a button's dialog, also where htmx sent the form and would swap a redirect's answer in."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
