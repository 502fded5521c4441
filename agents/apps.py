"""The agents app."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """This app is described in docs/architecture.md."""

    name = "agents"
