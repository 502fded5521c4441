"""How the admin writes what is in a field: a moment as the pages do, in a list a choice by its word."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField
from django.utils.safestring import SafeString

from jobs.moments import written


class Column:
    """A field of a model as the admin shows it: by its name, under its label, a moment in full."""

    do_not_call_in_templates = True

    def __init__(self, field: Any) -> None:
        self.__name__: str = field.name
        self.admin_order_field = field.name
        self.short_description = field.verbose_name

    def __call__(self, row: Any) -> SafeString | str:
        """This method will write the moment of a row."""
        return written(getattr(row, self.__name__)) or "-"

    def __str__(self) -> str:
        return self.__name__


class Word(Column):
    """A field of choices in a list: the word before the colon alone."""

    def __call__(self, row: Any) -> str:
        """This method will write the word of a row."""
        said = str(getattr(row, f"get_{self.__name__}_display")() or "-")
        return said.partition(":")[0]


def columns(model: Any, names: Iterable[Any], *, words: bool = False) -> list[Any]:
    """This function will give what to show, with a column in the place of each name of a moment.

    `words`: also of each choice, without what it means.
    """
    return [_column(model, name, words) if isinstance(name, str) else name for name in names]


@lru_cache(maxsize=512)
def _column(model: Any, name: str, words: bool) -> Any:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if isinstance(field, DateTimeField):
        return Column(field)
    return Word(field) if words and getattr(field, "choices", None) else name
