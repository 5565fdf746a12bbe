"""Whether mail leaves: the oldest notice or message that should have gone by now. Reads only."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

#: Waiting this long for a notice to leave means that mail is not working (P).
NOTICE_STALE_S = 600

# A notice waits until a message is made of it. A message that is due later waits for its time, unless it was given
# back because the server was away (it has an error, and was not counted as an attempt). One that the server itself
# refused for now says nothing about the system; one whose lease ran out and that nobody took again does.
_OLDEST = """
SELECT LEAST(
  (SELECT min(due_at) FROM pathway_notice WHERE state = 'pending' AND due_at <= %(at)s),
  (SELECT min(CASE WHEN error <> '' THEN created_at ELSE due_at END) FROM pathway_mail
   WHERE state IN ('pending', 'leased')
     AND (state = 'pending' AND attempts = 0 AND (due_at <= %(at)s OR error <> '')
       OR state = 'leased' AND due_at <= %(at)s)))
"""


def oldest_unsent(at: datetime) -> datetime | None:
    """Since when the longest-waiting notice or message should have left; None where nothing waits.

    One statement over the two partial indexes of what is still to leave.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"at": at})
        row = cursor.fetchone()
    found: datetime | None = row[0] if row else None
    return found
