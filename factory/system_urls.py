"""The URLs of the pages about the product itself."""

from django.urls import path

from factory.system import audit, configured, messages, metrics, overview, processes, storage

app_name = "system"
urlpatterns = [
    path("system/", overview.shown, name="overview"),
    path("system/metrics/", metrics.shown, name="metrics"),
    path("figures/", metrics.moved),
    path("system/processes/", processes.shown, name="processes"),
    path("system/storage/", storage.shown, name="storage"),
    path("system/configuration/", configured.shown, name="configuration"),
    path("system/audit/", audit.shown, name="audit"),
    path("system/messages/", messages.shown, name="messages"),
]
