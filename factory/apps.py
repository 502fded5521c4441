"""The factory app, and the admin's."""

import gc
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.admin import autodiscover
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class FactoryConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "factory"
    default = True

    def ready(self) -> None:
        """This method will make the home page's list known to the sockets, and pages to the audit."""
        from factory import board, inbox, outlook, sessions, shown

        board.register()
        inbox.register()
        outlook.register()
        sessions.register()
        shown.register()
        # What a start makes, stays: the collector, held off by manage.py, need not go through it.
        gc.freeze()
        gc.enable()


class AdminConfig(admin_apps.SimpleAdminConfig):
    """Django's admin; its windows are made with the URLs or when they are checked, not by a command."""

    def ready(self) -> None:
        """This method will have the windows checked."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_windows, checks.Tags.admin)


def check_windows(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """This function will make the admin's windows and check them, as Django does with its own."""
    autodiscover()
    return check_admin_app(app_configs, **kwargs)
