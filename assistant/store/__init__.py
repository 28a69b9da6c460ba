"""The SQL truth: tables, migrations, repositories."""
