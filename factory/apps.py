"""The factory app."""

from django.apps import AppConfig


class FactoryConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "factory"

    def ready(self) -> None:
        """This method will make the home page's list known to the sockets, and pages to the audit."""
        from factory import board, shown

        board.register()
        shown.register()
