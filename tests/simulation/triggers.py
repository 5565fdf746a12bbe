"""Watchers inside the database, apart from the code under test: what a worker did to a timer, and why a notice ended.

They note; they change and refuse nothing.
"""

from __future__ import annotations

WATCH = """
CREATE TABLE watched_rung (todo_id uuid, due_on date, step int, before int, at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION watch_rung() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('application_name') = 'worker' THEN
    INSERT INTO watched_rung SELECT t.id, t.due_on, NEW.step, OLD.step FROM pathway_todo t WHERE t.id = NEW.todo_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER watch_rung AFTER UPDATE ON pathway_timer FOR EACH ROW EXECUTE FUNCTION watch_rung();

CREATE TABLE watched_end (notice_id uuid, what text, kind text, urgency text, reason text);
CREATE FUNCTION watch_note(n pathway_notice, what text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO watched_end SELECT n.id, what, n.kind, n.urgency, CASE
    WHEN n.todo_id IS NOT NULL AND (SELECT state FROM pathway_todo WHERE id = n.todo_id) <> 'open' THEN 'to-do ended'
    WHEN (SELECT closed_at FROM pathway_incident WHERE id = n.incident_id) IS NOT NULL THEN 'incident closed'
    WHEN n.kind IN ('page', 'incident_climb') AND
      (SELECT acknowledged_at FROM pathway_incident WHERE id = n.incident_id) IS NOT NULL THEN 'incident acknowledged'
    WHEN n.kind IN ('page', 'incident_climb') AND EXISTS (SELECT FROM pathway_notice m
      WHERE m.incident_id = n.incident_id AND m.recipient_id = n.recipient_id AND m.created_at > n.created_at
      AND m.kind IN ('page', 'incident_climb')) THEN 'called again since'
    WHEN (SELECT cleared_at FROM pathway_alarm WHERE id = n.alarm_id) IS NOT NULL THEN 'alarm cleared'
    WHEN (SELECT cancelled_at FROM pathway_absence WHERE id = n.absence_id) IS NOT NULL THEN 'absence cancelled'
    WHEN NOT (SELECT is_active FROM pathway_clinician WHERE id = n.recipient_id) THEN 'person left'
    WHEN n.urgency = 'news' AND (SELECT news_muted FROM pathway_attention WHERE clinician_id = n.recipient_id)
      THEN 'news muted'
    ELSE '' END
$$;
CREATE FUNCTION watch_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM watch_note(NEW, NEW.state);
  RETURN NULL;
END $$;
CREATE TRIGGER watch_end AFTER UPDATE ON pathway_notice FOR EACH ROW
  WHEN (NEW.state IN ('dropped', 'kept') AND OLD.state <> NEW.state) EXECUTE FUNCTION watch_end();
CREATE FUNCTION watch_mail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM watch_note(n, 'mail ' || NEW.state) FROM pathway_notice n WHERE n.mail_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER watch_mail AFTER UPDATE ON pathway_mail FOR EACH ROW
  WHEN (NEW.state = 'dropped' AND OLD.state <> NEW.state) EXECUTE FUNCTION watch_mail();

CREATE TABLE watched_carrier (notice_id uuid, mail_id uuid, before uuid);
CREATE FUNCTION watch_carrier() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO watched_carrier VALUES (NEW.id, NEW.mail_id, OLD.mail_id);
  RETURN NULL;
END $$;
CREATE TRIGGER watch_carrier AFTER UPDATE ON pathway_notice FOR EACH ROW
  WHEN (OLD.mail_id IS NOT NULL AND OLD.mail_id IS DISTINCT FROM NEW.mail_id) EXECUTE FUNCTION watch_carrier();
"""
