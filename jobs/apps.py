"""The jobs app: nothing is lost."""

from importlib import import_module

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The ledger; it imports no other app."""

    name = "jobs"

    def ready(self) -> None:
        """This method will register the demo kinds and what pages may watch."""
        import_module("jobs.tasks")
        import_module("jobs.topics").register()
