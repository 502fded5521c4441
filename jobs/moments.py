"""How moments are written: in full, for the script of the page to make relative, local or UTC."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString


def written(at: datetime | None) -> SafeString | str:
    """This function will write a moment, or nothing where there is none."""
    if at is None:
        return ""
    full = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        f"{at:%Y-%m-%dT%H:%M:%S.%fZ}",
        full,
        full,
    )
