"""The jobs app: nothing is lost."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class JobsConfig(AppConfig):
    """The ledger; it imports no other app."""

    name = "jobs"

    def ready(self) -> None:
        """This method will register the demo kinds and topics, the check of all names, and the rows."""
        import_module("jobs.tasks")
        import_module("jobs.django_q").install()
        import_module("jobs.recurring").install()
        import_module("jobs.maintenance")
        import_module("jobs.steering")
        import_module("jobs.topics").register()
        import_module("jobs.needs").register()
        checks.register(check_names)
        connection_created.connect(be_missed)
        post_migrate.connect(import_module("jobs.foundation").lay, sender=self)
        post_migrate.connect(import_module("jobs.schedules").lay, sender=self)


def be_missed(connection: Any, **kwargs: Any) -> None:
    """This function will let the server notice the end of this machine on Django's connections, too."""
    import_module("jobs.db").be_missed(connection.connection)


def check_names(**kwargs: Any) -> list[checks.CheckMessage]:
    """This function will refuse to start with a subscriber of an event or kind nobody registered."""
    events, kinds, ports = (import_module(f"jobs.{name}") for name in ("events", "kinds", "ports"))
    known_events = {schema.name for schema in events.all_schemas()}
    known_kinds = {kind.name for kind in kinds.all_kinds()}
    return [
        checks.Error(f"{event} → {subscriber.kind}: nobody registered this event or kind")
        for event, subscribers in ports.subscribers.items()
        for subscriber in subscribers
        if event not in known_events or subscriber.kind not in known_kinds
    ]
