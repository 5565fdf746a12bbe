"""The small cells of the screens (icon, status, due date, role) and the form lookups a template cannot do.

They are tags, and remember what they drew, because a work list draws hundreds of them; the components of the
same name wrap these. Knows how things look, nothing of cases, queries or permissions.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SOON_DAYS = 3
"""Display only: from how many days ahead a due date is drawn as near. Reminders have their own rule."""

STATUS_ICONS = {
    "danger": "circle-alert",
    "warning": "triangle-alert",
    "success": "circle-check",
    "info": "info",
    "neutral": "circle",
}

ROLE_ICONS = {
    "neurosurgeon": "brain",
    "physiatrist": "activity",
    "anesthesiologist": "syringe",
    "coordinator": "clipboard-list",
}

NO_DATE = SafeString('<span class="app-subtle">No date</span>')
DECORATIVE = SafeString('aria-hidden="true"')

WIDE_WIDGETS = frozenset(
    {"textarea", "radioselect", "checkboxselectmultiple", "checkbox", "rows", "clearablefile"}
)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, label: str = "") -> SafeString:
    """One icon of the sprite, decorative unless `label` names it. New icons go in `_components/icons.txt`."""
    meaning = format_html('role="img" aria-label="{}"', label) if label else DECORATIVE
    return format_html(
        '<svg class="pf-v6-svg app-icon" width="1em" height="1em" {}><use href="{}#{}"/></svg>',
        meaning,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
@lru_cache(maxsize=2048)
def status(variant: str, text: str, icon_name: str = "") -> SafeString:
    """A label whose meaning is in its words; colour and icon repeat it.

    `variant`: danger, warning, success, info or neutral.
    """
    quiet = "" if variant in ("danger", "warning") else "pf-m-outline "
    modifier = quiet + ("" if variant == "neutral" else f"pf-m-{variant}")
    return format_html(
        '<span class="pf-v6-c-label pf-m-compact {}"><span class="pf-v6-c-label__content">'
        '<span class="pf-v6-c-label__icon">{}</span><span class="pf-v6-c-label__text">{}</span>'
        "</span></span>",
        modifier,
        icon(icon_name or STATUS_ICONS[variant]),
        text,
    )


def _in_days(days: int) -> tuple[str, str, str]:
    """Days until a date (negative: past) -> status variant, icon, words."""
    if days < 0:
        late = -days
        return "danger", "circle-alert", f"{late} day{'s' if late > 1 else ''} overdue"
    if days == 0:
        return "warning", "clock-alert", "Due today"
    if days == 1:
        return "info", "clock", "Due tomorrow"
    if days <= SOON_DAYS:
        return "info", "clock", f"Due in {days} days"
    return "neutral", "calendar", ""


@register.simple_tag(takes_context=True)
def due(context: Context, date: dt.date | None, done: bool = False) -> SafeString:
    """A due date in words and colour, against the page's `today`. Finished duties lose the alarm."""
    if date is None:
        return NO_DATE
    today = context.get("today") or timezone.localdate()
    return _due(date, today() if callable(today) else today, done)


@lru_cache(maxsize=4096)
def _due(date: dt.date, today: dt.date, done: bool) -> SafeString:
    day = format_date(date, "D j M" if date.year == today.year else "j M Y")
    machine = date.isoformat()
    variant, icon_name, words = _in_days((date - today).days)
    if done or not words:
        return format_html('<time class="app-due" datetime="{}">{}</time>', machine, day)
    return format_html(
        '<span class="app-due">{} <time datetime="{}">{}</time></span>',
        status(variant, words, icon_name),
        machine,
        day,
    )


def role_text(code: str) -> str:
    """A role's code in words."""
    return code.replace("_", " ").capitalize()


@lru_cache(maxsize=64)
def _role(code: str) -> SafeString:
    image = icon(ROLE_ICONS.get(code, "user"))
    return format_html('<span class="app-role">{} <span>{}</span></span>', image, role_text(code))


@register.simple_tag
def role(code: str, name: str = "") -> SafeString:
    """A role, after the person who holds it where `name` is given. Unknown roles get a general icon."""
    if not name:
        return _role(str(code))
    text = role_text(str(code))
    image = icon(ROLE_ICONS.get(str(code), "user"))
    return format_html(
        '<span class="app-role">{} <span>{} <span class="app-subtle">· {}</span></span></span>',
        image,
        name,
        text,
    )


@register.filter
def unit(field: BoundField) -> str:
    """The unit shown after a field, from the form's `units`."""
    units: dict[str, str] = getattr(field.form, "units", {})
    return units.get(field.name, "")


@register.filter
def is_wide(field: BoundField) -> bool:
    """Whether the field takes the full width of its fieldset."""
    return field.widget_type in WIDE_WIDGETS


@register.filter
def own_errors(field: BoundField) -> list[str]:
    """A field's errors without those that a row table already shows at their cells."""
    whole = [error for error in field.errors.as_data() if "row" not in (error.params or {})]
    return [message for error in whole for message in error.messages]


@register.filter
def fieldsets(form: BaseForm) -> list[dict[str, Any]]:
    """The form's visible fields in groups: those it declares in `fieldsets`, then whatever is left.

    A declaration is `(title, [field names])` or `(title, [field names], description)`.
    """
    groups: list[dict[str, Any]] = []
    left = {field.name: field for field in form.visible_fields()}
    for title, names, *description in getattr(form, "fieldsets", ()):
        members = [left.pop(name) for name in names if name in left]
        if members:
            groups.append({"title": title, "description": "".join(description), "fields": members})
    if left:
        groups.append({"title": "", "description": "", "fields": list(left.values())})
    return groups
