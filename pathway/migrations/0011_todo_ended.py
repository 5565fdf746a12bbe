"""The to-dos of a clinic that ended lately, newest first: a calendar feed cancels their entries."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pathway", "0010_todo_open_safety")]

    operations = [
        migrations.AddIndex(
            model_name="todo",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["clinic", "-ended_at"],
                name="todo_ended_of_clinic",
            ),
        ),
    ]
