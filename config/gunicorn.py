"""How gunicorn logs: as everything else does, and no access log, since that would hold query strings and addresses.

gunicorn config.wsgi --config config/gunicorn.py --workers 4 --threads 4
"""

from config.settings import LOGGING

logconfig_dict = LOGGING
accesslog = None
