"""Writes docs/permissions.md from the matrix: `make permissions`."""

from tests.access.document import WHERE, document

WHERE.write_text(document(), encoding="utf-8")
