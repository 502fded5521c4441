"""The jobs app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "jobs"
