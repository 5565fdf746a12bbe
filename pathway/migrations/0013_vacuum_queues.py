"""The queues are vacuumed early.

A notice waits, is mailed, is read: each step leaves a dead entry in the index of what waits, and every look for work
reads them all. By PostgreSQL's defaults a fifth of the table is dead before they are cleared; in a simulated year a look
read 77,000 dead entries to find that nothing waits.
"""

from django.db import migrations

_SET = "ALTER TABLE {} SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500)"
_RESET = "ALTER TABLE {} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"
QUEUES = ("pathway_notice", "pathway_mail", "pathway_timer", "pathway_incidenttimer")


class Migration(migrations.Migration):
    dependencies = [("pathway", "0012_watch")]

    operations = [migrations.RunSQL(_SET.format(table), _RESET.format(table)) for table in QUEUES]
