"""The form of one's own choices of attention. It knows the paces, not what follows from them."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from pathway.models.base import choices
from pathway.protocol.attention import Pace, Taste
from pathway.views.forms.base import ScreenForm


class AttentionForm(ScreenForm):
    """How due and overdue duties and news reach one, and when nothing does."""

    soon = forms.ChoiceField(label="Due and overdue", choices=choices(Pace), widget=forms.RadioSelect)
    news = forms.ChoiceField(label="News", choices=choices(Pace), widget=forms.RadioSelect)
    news_muted = forms.BooleanField(
        label="News in the inbox only",
        required=False,
        help_text="No mail about news; it stands in your inbox.",
    )
    daily_at = forms.TimeField(label="Daily mail at", help_text="For what you take once a day.")
    quiet_from = forms.TimeField(
        label="Quiet from", required=False, help_text="What may wait leaves when they end."
    )
    quiet_to = forms.TimeField(
        label="Quiet to", required=False, help_text="Leave both empty for no quiet hours."
    )
    fieldsets: ClassVar[list[tuple[Any, ...]]] = [
        ("What may wait", ["soon", "news", "news_muted"]),
        (
            "When",
            ["daily_at", "quiet_from", "quiet_to"],
            "On your clinic's clock. Quiet hours may pass midnight.",
        ),
    ]

    @classmethod
    def showing(cls, taste: Taste) -> AttentionForm:
        """The form with a person's choices in it."""
        return cls(
            initial={
                "soon": str(taste.soon),
                "news": str(taste.news),
                "news_muted": taste.news_muted,
                "daily_at": taste.daily_at,
                "quiet_from": taste.quiet_from,
                "quiet_to": taste.quiet_to,
            }
        )
