"""How the pages write what was done, with the way back."""

from typing import Any

from django import template

from jobs.receipts import way_of

register = template.Library()


@register.inclusion_tag("_receipt.html", takes_context=True)
def receipt(context: Any, message: Any) -> dict[str, Any]:
    """This tag will write one receipt; its way back is a form."""
    return {"message": message, "way": way_of(message), "csrf_token": context.get("csrf_token")}
