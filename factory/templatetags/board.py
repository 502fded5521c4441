"""How the pages write states, times and text nobody here wrote."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from factory import notices
from factory.skin import theme_of
from jobs import ansi, controls, edges, kinds, moments, runbook, sending, summary
from jobs.controls import Control
from jobs.redaction import MARK, visible
from jobs.scrollback import Range
from projects import planning

# The first that is found: most browsers also name those they descend from.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
# The look and the glyph of what is planned; those of jobs where they mean the same.
_PLANNED = {
    "NOT_STARTED": ("none", "none"),
    "IN_PROGRESS": ("begun", "running"),
    "BLOCKED": ("blocked", "blocked"),
    "REVIEW": ("verifying", "verifying"),
    "COMPLETED": ("succeeded", "succeeded"),
    "OPEN": ("queued", "queued"),
    "ACCEPTED": ("succeeded", "succeeded"),
    "DROPPED": ("cancelled", "cancelled"),
    "DRAFT": ("scheduled", "scheduled"),
    "READY": ("queued", "queued"),
    "FULFILLED": ("succeeded", "succeeded"),
}
_VERBS = {
    "NOT_STARTED": "Put back",
    "IN_PROGRESS": "Work on it",
    "BLOCKED": "Blocked",
    "REVIEW": "To review",
    "COMPLETED": "Complete",
    "OPEN": "Open again",
    "ACCEPTED": "Accept",
    "DROPPED": "Drop",
    "DRAFT": "Back to draft",
    "READY": "Ready",
    "FULFILLED": "Fulfilled",
}
# The look and the glyph of a project's health.
_HEALTH = {"well": "succeeded", "attention": "stale", "broken": "failed"}
_TAKEN_OUT = f'<mark class="taken" title="Taken out before it was stored">{MARK}</mark>'
register = template.Library()
register.filter("visible", visible)
register.filter("when", moments.written)


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """This tag will draw one symbol of the sprite."""
    sprite = static("factory/icons.svg")
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sprite, name
    )


@register.simple_tag
@lru_cache(maxsize=256)
def mark(word: str) -> SafeString:
    """This tag will write a state as glyph, word and colour."""
    return format_html('<span class="mark mark-{}">{}{}</span>', word, icon(word), word)


@register.simple_tag
@lru_cache(maxsize=256)
def health_mark(word: str) -> SafeString:
    """This tag will write how a project is as glyph, word and colour."""
    look = _HEALTH.get(word, "none")
    return format_html('<span class="mark mark-{}">{}{}</span>', look, icon(look), word)


@register.simple_tag
def failure_class(name: str) -> SafeString:
    """This tag will write a failure's class, which leads to what can be done about it."""
    if not runbook.anchor_for(name):
        return format_html('<span class="fclass">{}</span>', name)
    return format_html('<a class="fclass" href="{}#{}">{}</a>', reverse("runbook"), name, name)


@register.simple_tag(takes_context=True)
def theme(context: Any) -> str:
    """This tag will give the theme this browser asked for."""
    return theme_of(context.get("request"))


@register.simple_tag(takes_context=True)
def health(context: Any) -> SafeString:
    """This tag will say above a page what does no work now; it stands there empty when all does."""
    user = context.get("user")
    told = notices.html(bool(user and user.is_active and user.is_staff))
    return format_html('<div class="notes" id="health" role="status">{}</div>', mark_safe(told))  # noqa: S308 — our own template


@register.simple_tag(takes_context=True)
def verified(context: Any) -> SafeString | str:
    """This tag will say below a page when the board was last compared with reality, and how it was."""
    user = context.get("user")
    if not (user and user.is_authenticated):
        return ""
    said = notices.verified()
    return format_html('<a href="{}">{}</a>', reverse("insight:health"), said) if said else ""


@register.filter
def browser(agent: str) -> str:
    """This filter will say in two words what calls itself so, as far as one can tell."""
    name = next((name for mark, name in _BROWSERS if mark in agent), visible(agent[:40]))
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if name and system else name or "unknown"


@register.filter
def moment(version: int | None) -> SafeString | str:
    """This filter will write a version, which is a time, as a clock shows it."""
    if not version:
        return ""
    return f"{datetime.fromtimestamp(version / 1_000_000, UTC):%H:%M:%S} UTC"


@register.simple_tag
def cannot_know(what: str, since: datetime | None) -> SafeString:
    """This tag will say what nobody can know, and since when: it is neither nothing nor empty."""
    if since is None:
        return format_html('<span class="unknown">Cannot know {}</span>', what)
    at = since.astimezone(UTC)
    told = '<span class="unknown">Cannot know since <time datetime="{}">{} UTC</time> {}</span>'
    return format_html(told, at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", what)


@register.filter
def lasted(start: datetime | None, end: datetime | None) -> str:
    """This filter will write the time between two moments."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def pace(job: Any) -> str:
    """This filter will say how fast a running job gets on and what is left, where that is known."""
    return summary.pace_words(summary.describe(job))


@register.filter
def far(job: Any) -> str:
    """This filter will say in words how far a job got."""
    return visible(summary.words(summary.describe(job)))


@register.filter
def state_template(job: Any) -> str:
    """This filter will name the template that says what matters in the job's state."""
    return f"jobs/states/{job.shown}.html"


@register.filter(name="controls")
def offered(job: Any) -> list[Control]:
    """This filter will give the acts that make sense in the job's state."""
    return controls.of(job)


@register.filter
def allowance(job: Any) -> str:
    """This filter will say how long a job may take, if its kind is known here."""
    return kinds.allowance(job.kind)


@register.filter
def can_wait(job: Any) -> bool:
    """This filter will say whether the job may be made to wait for others."""
    return edges.can_wait(job)


@register.filter
def can_be_freed(job: Any) -> bool:
    """This filter will say whether what the job waits for still matters."""
    return edges.can_be_freed(job)


@register.filter
def coloured(line: str) -> SafeString:
    """This filter will write a line of a log: colours as classes, and marks what was taken out."""
    parts = []
    for span in ansi.spans(line):
        text = escape(visible(span.text)).replace(MARK, _TAKEN_OUT)
        looks = " ".join(f"sgr-{look}" for look in span.looks)
        parts.append(f'<span class="{looks}">{text}</span>' if looks else text)
    return mark_safe("".join(parts))  # noqa: S308 — each part is escaped


@register.filter
def picked(line: Any, at: Range | None) -> bool:
    """This filter will say whether an address names a line of a log."""
    return bool(at) and isinstance(at, Range) and at.holds(line)


@register.filter
def older(at: datetime, seconds: int) -> bool:
    """This filter will say whether a moment is so many seconds ago."""
    return (timezone.now() - at).total_seconds() > seconds


@register.filter
def grouped(number: Any) -> str:
    """This filter will write a number with thousands apart."""
    return f"{number:,}" if isinstance(number, int) else str(number or 0)


@register.filter
def seconds(number: float | None) -> str:
    """This filter will write a number of seconds as short as it can be read."""
    if number is None:
        return "—"
    if number < 1:
        return f"{number * 1000:.0f} ms"
    return f"{number:.1f} s" if number < 120 else f"{number / 60:.0f} min"


@register.simple_tag(takes_context=True)
def once(context: Any) -> SafeString:
    """This tag will give a form the number that tells one sending of it from another.

    A form that was refused keeps its own.
    """
    request = context.get("request")
    number = (request.POST.get(sending.FIELD) if request else "") or sending.fresh()
    return format_html('<input type="hidden" name="{}" value="{}">', sending.FIELD, number)


@register.simple_tag
def plan_mark(state: str) -> SafeString:
    """This tag will write the state of an idea, a spec or a task as glyph, word and colour."""
    look, glyph = _PLANNED.get(str(state), ("none", "none"))
    return format_html(
        '<span class="mark mark-{}">{}{}</span>', look, icon(glyph), planning.spoken(state)
    )


@register.simple_tag
def priority(task: Any) -> SafeString:
    """This tag will write the priority of a task as letter, word and colour."""
    meaning = task.get_priority_display()
    text = '<span class="priority priority-{}" title="{}"><b>{}</b><span>{}</span></span>'
    return format_html(text, task.priority, meaning, task.letter, task.priority_word.lower())


@register.filter
def spoken(state: str) -> str:
    """This filter will write a state of something planned as people do."""
    return planning.spoken(state)


@register.filter
def move_verb(state: str) -> str:
    """This filter will say what somebody does who moves something planned to a state."""
    return _VERBS.get(str(state), planning.spoken(state).capitalize())


@register.filter
def hours(number: Any) -> str:
    """This filter will write an estimate."""
    return "" if number is None else f"{float(number):g} h"
