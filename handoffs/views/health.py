"""What machines ask: is it alive, is it ready, how is it doing. Answered before hosts, sessions or redirects matter."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound, JsonResponse
from django.utils.module_loading import import_string
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from handoffs import gauges, readiness
from handoffs.gauges import Gauge
from handoffs.now import now
from handoffs.views.page import methods

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@methods("GET", "HEAD")
def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether the process is alive; it asks nothing else."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@methods("GET", "HEAD")
def readyz(_request: HttpRequest) -> HttpResponse:
    """Whether pages can be served, a word for each part; 503 if not."""
    parts = readiness.parts()
    ready = readiness.is_ready(parts)
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


@methods("GET", "HEAD")
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges in Prometheus' text format, for who has the token or asks from an allowed network; else not there."""
    if not settings.METRICS_TOKEN and not settings.METRICS_NETWORKS:
        raise Http404
    if not (_has_token(request) or _is_near(request)):
        words = "This needs the bearer token of METRICS_TOKEN, or an address of METRICS_NETWORKS.\n"
        return HttpResponse(words, status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    try:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Read(gauges.read(now=now())))
    except DatabaseError:
        return HttpResponse("The database does not answer in time.\n", status=503, content_type="text/plain")
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


PROBES: Mapping[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def probes(get_response: GetResponse) -> GetResponse:
    """Middleware: answers probes at once, since they come under any host name, without https and without a session."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return get_response(request)
        try:
            return probe(request)
        except Http404:
            return HttpResponseNotFound("There is nothing here.\n", content_type="text/plain")

    return middleware


class _Read(Collector):
    """Gauges that were read already, as the library wants them."""

    def __init__(self, found: list[Gauge]) -> None:
        self.found = found

    def collect(self) -> Iterator[Metric]:
        for gauge in self.found:
            kind = CounterMetricFamily if gauge.counts_up else GaugeMetricFamily
            family = kind(gauge.name, gauge.says, labels=gauge.labels)
            for labels, value in gauge.values.items():
                family.add_metric(labels, value)
            yield family


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), wanted.encode())


def _is_near(request: HttpRequest) -> bool:
    try:
        address = ip_address(import_string(settings.CLIENT_IP)(request))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)
