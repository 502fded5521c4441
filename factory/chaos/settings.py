"""The product's settings, and the kinds of job that exist for chaos alone."""

from factory.settings import *  # noqa: F403 — the same installation, but for one app more
from factory.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "factory.chaos"]
