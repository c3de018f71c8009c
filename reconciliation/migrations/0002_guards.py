"""What the database itself refuses."""

from django.db import migrations

from reconciliation import guards


def install(apps, schema_editor):
    guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0001_initial")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
