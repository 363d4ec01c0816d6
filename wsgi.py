"""For any WSGI server: `gunicorn wsgi:app`; the settings come from the environment."""

from caseflow import create_app

app = create_app()
