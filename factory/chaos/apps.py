"""The app of chaos: only its own settings install it."""

from importlib import import_module

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    """The kinds of job that leave traces which can be counted."""

    name = "factory.chaos"
    label = "chaos"

    def ready(self) -> None:
        """This method will register the kinds."""
        import_module("factory.chaos.tasks")
