"""The projects app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "projects"
