"""The factory app."""

from django.apps import AppConfig


class FactoryConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "factory"

    def ready(self) -> None:
        """This method will make the home page's list known to the sockets."""
        from factory import board

        board.register()
