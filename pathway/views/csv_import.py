"""Importing referrals from a CSV file: a report of every row first, then all cases at once or none.

Between the two steps the rows wait in the session, on the server; they leave it when the cases are open.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from pathway.engine.action import Outcome
from pathway.engine.referrals import BadRows, refer_many
from pathway.models import Clinic
from pathway.models.base import new_id
from pathway.queries.definitions import calendar_of
from pathway.queries.people import all_opened, known_patients
from pathway.views import referral_file
from pathway.views.act import Answer, alert_of, finish, perform
from pathway.views.forms.referral import UploadForm
from pathway.views.referral import may_not, referring_clinic
from pathway.views.referral_file import BadFile, Row

KEPT = "referral_import"


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """A file to fill in. It starts with a byte-order mark, by which spreadsheets know UTF-8."""
    name = 'attachment; filename="referrals.csv"'
    text = "\ufeff" + referral_file.template()
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


@require_http_methods(["GET", "HEAD", "POST"])
def import_referrals(request: HttpRequest) -> HttpResponse:
    """GET shows the upload, or the rows that wait; POST checks a file, opens its cases, or forgets it."""
    clinic, clinics = referring_clinic(request)
    if clinic is None:
        return may_not(request)
    page = ImportPage(request, clinic, clinics)
    if request.method != "POST":
        return page.show()
    if "discard" in request.POST:
        request.session.pop(KEPT, None)
        return page.again()
    if "confirm" in request.POST:
        return page.save()
    return page.check()


class ImportPage:
    """One request to the import page of one clinic."""

    def __init__(self, request: HttpRequest, clinic: Clinic, clinics: list[Clinic]) -> None:
        self.request, self.clinic, self.clinics = request, clinic, clinics

    def check(self) -> HttpResponse:
        """Read an uploaded file. Rows without a problem wait for the second step; otherwise nothing is kept."""
        form = UploadForm(self.request.POST, self.request.FILES)
        if not form.is_valid():
            return self.show(form, status=422)
        upload: UploadedFile = form.cleaned_data["file"]
        today = calendar_of(self.clinic.id, self.clinic.calendar_version).local_date(timezone.now())
        try:
            # One byte more than allowed is read, never the whole of an enormous file.
            rows = referral_file.read(upload.read(referral_file.MAX_BYTES + 1), today)
        except BadFile as error:
            form.add_error("file", str(error))
            return self.show(form, status=422)
        self._compare(rows)
        if any(row.problems for row in rows):
            return self.show(form, rows=rows, status=422)
        self.request.session[KEPT] = {
            "id": str(new_id()),
            "clinic": str(self.clinic.id),
            "rows": [[row.line, str(new_id()), row.values] for row in rows],
        }
        return self.again()

    def _compare(self, rows: list[Row]) -> None:
        """Against the patients the clinic knows: an open case, or another birth date under the same MRN."""
        known = known_patients(self.clinic.id, {row.mrn for row in rows})
        for row in rows:
            patient = known.get(row.mrn)
            if patient is None:
                continue
            if patient.birth_date.isoformat() != row.values["birth_date"]:
                row.problems.append("This MRN belongs to a patient with another birth date.")
            elif patient.open_case is not None:
                row.problems.append("A case for this MRN is already open.")

    def save(self) -> HttpResponse:
        """Open every case of the waiting rows, or none. Pressing twice opens them once."""
        kept = self._kept()
        if kept is None or kept["id"] != self.request.POST["confirm"]:
            gone = (
                "These rows are no longer here: they were imported, discarded, or replaced by a newer file."
            )
            return self.show(UploadForm(), gone=gone, status=409)
        rows = [Row(line, values) for line, _, values in kept["rows"]]
        referrals = {
            row.line: row.referral(UUID(request_id))
            for row, (_, request_id, _) in zip(rows, kept["rows"], strict=True)
        }

        def open_all(**given: Any) -> Outcome:
            return refer_many(clinic_id=self.clinic.id, referrals=referrals, **given)[-1]

        try:
            answer = perform(self.request, open_all)
        except BadRows as error:
            if all_opened(self.clinic.id, [referral.request_id for referral in referrals.values()]):
                return self._saved(Answer(), len(rows))
            for row in rows:
                row.problems = error.problems.get(row.line, [])
            return self.show(UploadForm(), rows=rows, status=409)
        if not answer.done:
            return self.show(UploadForm(), answer=answer, status=answer.status)
        return self._saved(answer, len(rows))

    def _saved(self, answer: Answer, count: int) -> HttpResponse:
        del self.request.session[KEPT]
        said = "1 case is open." if count == 1 else f"{count:,} cases are open."
        return finish(self.request, answer, said, reverse("cases"))

    def _kept(self) -> dict[str, Any] | None:
        kept: dict[str, Any] | None = self.request.session.get(KEPT)
        return kept if kept and kept["clinic"] == str(self.clinic.id) else None

    def again(self) -> HttpResponse:
        """Back to this page by GET, so that reloading sends nothing twice."""
        return HttpResponseRedirect(self.request.get_full_path(), status=303)

    def show(
        self,
        form: UploadForm | None = None,
        *,
        rows: list[Row] | None = None,
        answer: Answer | None = None,
        gone: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """The upload form; with `rows` their report; else the rows that wait for confirmation, if any do."""
        kept = self._kept() if form is None else None
        waiting = [Row(line, values) for line, _, values in kept["rows"]] if kept else []
        bad = [row for row in rows or () if row.problems]
        context = {
            "form": form or UploadForm(),
            "kept": kept["id"] if kept else "",
            "waiting": waiting,
            "rows": rows or [],
            "bad": bad,
            "gone": gone,
            "alert": alert_of(answer, {}),
            "chosen": self.clinic,
            "clinics": self.clinics if len(self.clinics) > 1 else [],
            "required": referral_file.REQUIRED,
            "optional": referral_file.OPTIONAL,
        }
        return render(self.request, "referral/import.html", context, status=status)
