"""Draws every Django form in the project's markup. Knows templates and widgets, nothing of what a form means.

Name it in `FORM_RENDERER`. It needs `django.forms` in INSTALLED_APPS, where Django's widget templates are.
"""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class PatternFlyRenderer(TemplatesSetting):
    """One template for a form, one for a field; widgets stay Django's, so that the admin is untouched."""

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"
