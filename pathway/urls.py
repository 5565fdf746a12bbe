"""Every address of the application, in the order of the menu."""

from __future__ import annotations

from django.urls import path

from pathway.views import (
    board,
    case,
    cases,
    csv_import,
    demo_mail,
    health,
    incidents,
    record_now,
    referral,
    refills,
    style,
    todo,
    work,
)

urlpatterns = [
    path("", work.work, name="work"),
    path("board/", board.board, name="board"),
    path("cases/", cases.cases, name="cases"),
    path("cases/new/", referral.refer, name="refer"),
    path("cases/import/", csv_import.import_referrals, name="import-referrals"),
    path("cases/import/referrals.csv", csv_import.template, name="import-template"),
    path("cases/<uuid:case_id>/", case.case, name="case"),
    path("cases/<uuid:case_id>/advance/<slug:edge>/", case.advance, name="case-advance"),
    path("cases/<uuid:case_id>/hold/", case.hold, name="case-hold"),
    path("cases/<uuid:case_id>/resume/", case.resume, name="case-resume"),
    path("cases/<uuid:case_id>/close/", case.close, name="case-close"),
    path("cases/<uuid:case_id>/reopen/", case.reopen, name="case-reopen"),
    path("cases/<uuid:case_id>/team/", case.team, name="case-team"),
    path("cases/<uuid:case_id>/incidents/new/", incidents.report, name="incident-report"),
    path("cases/<uuid:case_id>/incidents/check/", incidents.check, name="incident-check"),
    path("cases/<uuid:case_id>/record/<slug:key>/", record_now.record, name="record-now"),
    path("cases/<uuid:case_id>/record/<slug:key>/check/", record_now.check, name="record-now-check"),
    path("todos/<uuid:todo_id>/", todo.todo, name="todo"),
    path("todos/<uuid:todo_id>/check/", todo.check, name="todo-check"),
    path("todos/<uuid:todo_id>/claim/", todo.claim, name="todo-claim"),
    path("todos/<uuid:todo_id>/release/", todo.release, name="todo-release"),
    path("todos/<uuid:todo_id>/hand-over/", todo.hand_over, name="todo-hand-over"),
    path("todos/<uuid:todo_id>/not-applicable/", todo.not_applicable, name="todo-not-applicable"),
    path("todos/<uuid:todo_id>/reopen/", todo.reopen, name="todo-reopen"),
    path("todos/<uuid:todo_id>/sign/", todo.sign, name="todo-sign"),
    path("refills/", refills.refills, name="refills"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/acknowledge/", incidents.acknowledge, name="incident-acknowledge"),
    path("demo/mail/", demo_mail.inbox, name="demo-mail"),
    path("demo/mail/<str:key>/", demo_mail.message, name="demo-mail-message"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("help/style/", style.style, name="style"),
]
