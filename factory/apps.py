"""The factory app."""

from django.apps import AppConfig


class FactoryConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "factory"
