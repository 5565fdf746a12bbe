"""The watch screen: alarms in words, who was told, dead letters and refused addresses with their buttons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pathway.engine.sentinel import watch
from pathway.models import Alarm, Case, Clinic, Clinician, Mail, Membership, Notice
from pathway.models.base import new_id
from tests.cast import MONDAY, Cast, make_cast, referred
from tests.engine.watched import HOUR, forget_beat
from tests.views.desk import MAX_QUERIES, Desk, at, words

pytestmark = pytest.mark.django_db
NOW = MONDAY + HOUR


@pytest.fixture
def cast(db: None) -> Any:
    yield make_cast()
    forget_beat()


def dead(cast: Cast, **values: Any) -> Mail:
    row = {"recipient": cast.phil, "state": "dead", "error": "the mail server answered 550 5.1.1", **values}
    mail = Mail.objects.create(clinic=cast.clinic, urgency="soon", created_at=MONDAY, due_at=MONDAY, **row)
    Notice.objects.create(
        id=new_id(),
        clinic=cast.clinic,
        recipient=cast.phil,
        kind="due",
        created_at=MONDAY,
        due_at=MONDAY,
        state="mailed",
        mail=mail,
    )
    return mail


def page(person: Clinician, moment: Any = NOW) -> str:
    with at(moment):
        return Desk(person).get("/watch/")


def press(person: Clinician, url: str, **data: Any) -> Any:
    with at(NOW):
        return Desk(person).post(f"/watch/{url}", data)


def test_nothing_is_wrong(cast: Cast) -> None:
    text = words(page(cast.cora))
    assert "Nothing is wrong" in text
    assert "Mail that could not be delivered" not in text
    assert "Worker, every 15 s Not seen" in text


def test_an_alarm_says_what_is_wrong_since_when_who_was_told_and_what_to_do(cast: Cast) -> None:
    case_id = referred(cast)
    Case.objects.update(next_key="")
    watch(at=NOW)
    html = page(cast.nora)
    text = words(html)
    assert "A case without a next duty An open case has no next duty" in text
    assert "What to do: Open the case." in text
    assert "Since Mon 2 Mar 2026, 04:00. Told: cora, last Mon 2 Mar, 04:00." in text  # Chicago
    assert f'href="/cases/{case_id}/"' in html
    assert "A case without a next duty" not in page(cast.omar)


def test_a_mended_alarm_is_listed_for_thirty_days(cast: Cast) -> None:
    referred(cast)
    Case.objects.update(next_key="")
    watch(at=NOW)
    Case.objects.update(next_key="baseline_spasticity")
    watch(at=NOW + HOUR)
    text = words(page(cast.cora, NOW + timedelta(days=29)))
    assert "Mended in the last 30 days" in text
    assert "2 Mar 2026, 04:00 2 Mar 2026, 05:00 cora" in text
    assert "Mended in the last 30 days" not in page(cast.cora, NOW + timedelta(days=31))


def test_a_colleague_is_named_where_an_alarm_is_about_one(cast: Cast) -> None:
    Clinician.objects.filter(username="phil").update(email_refused_at=MONDAY)
    watch(at=NOW)
    assert "Mail servers refuse the address of a colleague: no reminder arrives. It is phil." in words(
        page(cast.cora)
    )


def test_a_dead_letter_is_sent_again_by_the_coordinator(cast: Cast) -> None:
    mail = dead(cast)
    text = words(page(cast.cora))
    assert "phil A to-do is due today 2 Mar 2026, 03:00 the mail server answered 550 5.1.1" in text
    assert "Send again to phil" in text
    answer = press(cast.cora, f"mails/{mail.id}/resend/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/watch/")
    assert Mail.objects.get().state == "pending"
    assert "Mail that could not be delivered" not in page(cast.cora)


def test_others_read_the_dead_letters_and_may_not_send_them(cast: Cast) -> None:
    mail = dead(cast)
    text = words(page(cast.nora))
    assert "A coordinator sends it again" in text
    assert "Send again to" not in text
    answer = press(cast.nora, f"mails/{mail.id}/resend/")
    assert answer.status_code == 403
    assert "Only a coordinator may send mail again." in answer.content.decode()
    assert press(cast.nora, f"mails/{mail.id}/let-go/").status_code == 403
    assert press(cast.omar, f"mails/{mail.id}/resend/").status_code == 404
    assert "could not be delivered" not in page(cast.omar)
    assert Mail.objects.get().state == "dead"


def test_a_letter_that_is_not_needed_any_more_leaves_the_list(cast: Cast) -> None:
    mail = dead(cast)
    assert press(cast.cora, f"mails/{mail.id}/let-go/").status_code == 303
    assert Mail.objects.get().state == "dropped"


def test_while_an_address_is_refused_it_is_corrected_first(cast: Cast) -> None:
    mail = dead(cast)
    Clinician.objects.filter(username="phil").update(email_refused_at=MONDAY)
    text = words(page(cast.cora))
    assert "Address refused" in text
    assert "Send again to" not in text
    answer = press(cast.cora, f"mails/{mail.id}/resend/")
    assert answer.status_code == 409
    assert "Correct it first, then send again." in answer.content.decode()


def test_a_wrong_address_stays_in_its_form_and_the_right_one_is_kept(cast: Cast) -> None:
    Clinician.objects.filter(username="phil").update(email_refused_at=MONDAY)
    url = f"people/{cast.phil.id}/address/"
    answer = press(cast.cora, url, email="phil at clinic")
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="phil at clinic"' in html
    assert "Enter one e-mail address" in html
    assert press(cast.cora, url, email="").status_code == 422
    assert press(cast.nora, url, email="a@b.example").status_code == 403
    assert press(cast.cora, url, email="phil@new.example").status_code == 303
    assert Clinician.objects.get(username="phil").email == "phil@new.example"


def test_who_may_correct_has_the_form_others_read(cast: Cast) -> None:
    Clinician.objects.filter(username="phil").update(email_refused_at=MONDAY)
    assert "Address corrected" in page(cast.cora)
    assert "Address corrected" in page(cast.phil)
    assert "Address corrected" not in page(cast.nora)
    assert "phil@clinic.example" not in page(cast.omar)


def test_somebody_without_a_clinic_is_told_so(cast: Cast) -> None:
    Membership.objects.filter(clinician=cast.omar).delete()
    assert "You are not a member of a clinic" in page(cast.omar)


def test_an_alarm_of_a_rule_that_an_earlier_release_knew_is_shown_by_its_name(cast: Cast) -> None:
    now = NOW
    Alarm.objects.create(rule="moon_is_full", subject="moon", raised_at=now, seen_at=now, told_at=now)
    assert "Moon is full" in page(cast.cora)


def test_few_queries_however_much_is_wrong(cast: Cast) -> None:
    Clinic.objects.filter(pk=cast.clinic.id).update(lead=cast.nora)
    Clinician.objects.filter(username__in=["phil", "nora"]).update(email_refused_at=MONDAY)
    for number in range(12):
        referred(cast, mrn=f"R-{number}")
        dead(cast)
    Case.objects.update(next_key="")
    watch(at=NOW)
    with at(NOW):
        assert Desk(cast.cora).queries("/watch/") <= MAX_QUERIES + 2


def test_the_banner_names_two_kinds_of_trouble_and_counts_the_others(cast: Cast) -> None:
    for number, rule in enumerate(
        ("mail_dead", "worker_silent", "case_without_duty", "pump_without_refill", "pump_without_refill")
    ):
        clinic = None if rule == "worker_silent" else cast.clinic
        Alarm.objects.create(
            rule=rule, subject=str(number), clinic=clinic, raised_at=NOW, seen_at=NOW, told_at=NOW
        )
    with at(NOW):
        html = Desk(cast.phil).get("/cases/")
    banner = html[html.index('class="app-banners"') : html.index("<main")]
    lines = [words(f"<main>{part}") for part in banner.split('role="status">')[1:]]
    assert [line.split(".")[0].strip() for line in lines] == [
        "No worker is running",
        "A pump without a refill duty (2)",
        "2 more kinds of trouble",
    ]
    assert banner.count('href="/watch/"') == 3
