"""The product's settings. The environment is read in `factory.configuration`, once."""

from datetime import timedelta

from csp.constants import NONE, SELF

from factory import caching, configuration, embedded, intake, keys, variables

BASE_DIR = variables.BASE_DIR
FACTORY_VERSION = "0.1.0"
_values = configuration.load()

# What the apps read; they may not import this package.
FACTORY_HOME = configuration.home()
FACTORY_ENV = _values["FACTORY_ENV"]
FACTORY_URL = _values["FACTORY_URL"]
FACTORY_BIND = _values["FACTORY_BIND"]
FACTORY_PORT = _values["PORT"]
FACTORY_PROXIES = _values["FACTORY_PROXIES"] or ()
FACTORY_WORKERS = _values["FACTORY_WORKERS"]
FACTORY_HOST = _values["FACTORY_HOST"]
FACTORY_TASK_MODULES = _values["FACTORY_TASK_MODULES"] or ()
FACTORY_KEEP_DAYS = _values["FACTORY_KEEP_DAYS"]
FACTORY_API_CALLS = _values["FACTORY_API_CALLS"]
FACTORY_REFETCH_HOURS = _values["FACTORY_REFETCH_HOURS"]
FACTORY_MAP_FILES = _values["FACTORY_MAP_FILES"]
FACTORY_MAP_SECONDS = _values["FACTORY_MAP_SECONDS"]
FACTORY_MAP_MEMORY = _values["FACTORY_MAP_MEMORY"]
FACTORY_LOCAL_REPOS = (*(_values["FACTORY_LOCAL_REPOS"] or ()), FACTORY_HOME / "smoke")
FACTORY_GIT_HOSTS = _values["FACTORY_GIT_HOSTS"] or ()
FACTORY_GIT_CA = _values["FACTORY_GIT_CA"]
FACTORY_GITHUB_API = _values["FACTORY_GITHUB_API"]
FACTORY_METRICS_TOKEN = _values["FACTORY_METRICS_TOKEN"] or ""
FACTORY_PROXY = _values["FACTORY_PROXY"]
FACTORY_OIDC_ISSUER = _values["FACTORY_OIDC_ISSUER"]
FACTORY_OIDC_CLIENT = _values["FACTORY_OIDC_CLIENT"]
FACTORY_OIDC_SECRET = _values["FACTORY_OIDC_SECRET"]
FACTORY_OIDC_NAME = _values["FACTORY_OIDC_NAME"]
FACTORY_OIDC_DOMAINS = _values["FACTORY_OIDC_DOMAINS"] or ()
FACTORY_FIELD_KEYS = _values["FACTORY_FIELD_KEY"] or (
    keys.keep(FACTORY_HOME / "field_key", keys.field_key),
)
SECRET_KEY = _values["FACTORY_SECRET_KEY"] or keys.keep(
    FACTORY_HOME / "secret_key", keys.secret_key
)

DEBUG = _values["FACTORY_DEBUG"]
ALLOWED_HOSTS = list(_values["FACTORY_ALLOWED_HOSTS"])
CSRF_TRUSTED_ORIGINS = [FACTORY_URL]

INSTALLED_APPS = [
    "factory.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "axes",
    "jobs",
    "django_q",  # below jobs, whose qinfo, qmonitor and qmemory are to be found first
    "projects",
    "agents",
    "factory",
]
MIDDLEWARE = [
    "factory.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "factory.errors.Errors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "factory.caching.NoPageIsKept",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "factory.sessions.Noted",
    "factory.errors.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]
if FACTORY_OIDC_ISSUER:
    INSTALLED_APPS[-1:-1] = [  # before our own, whose admin takes some of theirs away
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    SOCIALACCOUNT_ADAPTER = "factory.signon.Rules"
    SOCIALACCOUNT_ONLY = True
    ACCOUNT_EMAIL_VERIFICATION = "none"
# Everything else asks for a log-in; a test holds this list against the resolver.
PUBLIC_URLS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/login/",
    "/signon/",
    "/invitations/",
    "/admin/login/",
    "/static/",
)
DATA_UPLOAD_MAX_MEMORY_SIZE = intake.LARGEST  # each address has its own limit in factory.intake
DATA_UPLOAD_MAX_NUMBER_FIELDS = intake.MOST_FIELDS
CSRF_FAILURE_VIEW = "factory.errors.forged"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Five wrong passwords for one name from one network, then a quarter of an hour of none at all.
# Never by name alone: then anybody could keep the administrator out. factory.entrance bounds
# a network alone.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "factory.sessions.network"
AXES_LOCKOUT_CALLABLE = "factory.entrance.locked_out"
AXES_DISABLE_ACCESS_LOG = True  # the list of sessions is that
AXES_ENABLE_ADMIN = False  # factory.admin shows it
AXES_VERBOSE = False
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

ROOT_URLCONF = "factory.urls"
WSGI_APPLICATION = "factory.wsgi.application"
ASGI_APPLICATION = "factory.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Eight threads of the web server keep eight connections; see factory.asgi.
_DATABASE = embedded.database()
DATABASES = {
    "default": {
        **_DATABASE,
        # Whoever waits for a server that vanished without a word is told within seconds.
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
            **_DATABASE["OPTIONS"],
        },
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
_REDIS_URL = embedded.redis_url()
_PREFIX = _values["FACTORY_REDIS_PREFIX"]
# Not the layer of channels_redis.core: it forgets every group when the server restarts.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_REDIS_URL], "prefix": _PREFIX},
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _REDIS_URL,
        "KEY_PREFIX": _PREFIX,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

# django-q2 keeps the worker processes; the ledger keeps the jobs. docs/decisions.md says why.
Q_CLUSTER = {
    "name": "factory",
    "label": "django-q2",
    "broker_class": "jobs.broker.ResidentBroker",
    "workers": sum(FACTORY_WORKERS.values()),
    "guard_cycle": 0.5,  # its hard timeout only fires when a float32 timer hits exactly 0.0
    "poll": 0.2,
    "scheduler": False,
    "recycle": 1,  # a runner that returns to free memory takes its process with it
    "save_limit": -1,
    "ack_failures": True,
    "max_attempts": 1,
    "timeout": 86_400,  # tokens carry -1: our own deadlines end what hangs
    "retry": 86_401,
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "factory.formats"
USE_I18N = False

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

STATIC_URL = "/static/"
STATIC_ROOT = FACTORY_HOME / "static"
_COLLECTED = _values["FACTORY_STATIC"] == "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _COLLECTED
WHITENOISE_AUTOREFRESH = not _COLLECTED
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MIMETYPES = {".map": "application/json"}
WHITENOISE_ADD_HEADERS_FUNCTION = caching.for_a_year
WHITENOISE_MAX_AGE = 60 if _COLLECTED else 0  # of a file without a hash in its name

# No inline script, no inline style, nothing from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: is how Django's admin draws some icons
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"  # a log-in link must not travel to other sites
SESSION_ENGINE = "factory.sessions"
SESSION_COOKIE_HTTPONLY = True

# Whether a request came by https is told by the server, which believes FACTORY_PROXIES only
# (factory.web); so there is no SECURE_PROXY_SSL_HEADER that anybody could send.
_HTTPS = FACTORY_URL.startswith("https://")
_PROD = FACTORY_ENV == "prod"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
# The prefix has browsers refuse such a cookie from a neighbour on the same domain, or over http.
SESSION_COOKIE_NAME = "__Host-sessionid" if _HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _HTTPS else "csrftoken"
SECURE_SSL_REDIRECT = _HTTPS and bool(FACTORY_PROXIES)
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked on this very machine
# Elsewhere than in prod a mistake is forgotten within the hour.
SECURE_HSTS_SECONDS = (365 * 86_400 if _PROD else 3600) if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS and _PROD
# What `check --deploy` need not say. W021: being preloaded into browsers is for the owner of the
# whole domain to ask for. W005: the hour of staging is for its own host. The others ask for
# https, which only dev may be without: factory.production refuses that for all else.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if not _PROD:
    SILENCED_SYSTEM_CHECKS += ["security.W005"]
if not _HTTPS:
    SILENCED_SYSTEM_CHECKS += [f"security.W{each}" for each in ("004", "008", "011", "016")]

LOGGING_CONFIG = "factory.logs.configure"
LOGGING = {
    "form": _values["FACTORY_LOG"],
    "level": _values["FACTORY_LOG_LEVEL"],
    "file": str(_values["FACTORY_LOG_FILE"] or ""),
}
