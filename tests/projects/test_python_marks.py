"""What a Python file declares to the world."""

import textwrap

import pytest

from projects.mapping.languages.python import syntax
from projects.mapping.structure import setups


def marks(source):
    """This function will give the marks of a file."""
    return syntax.facts(textwrap.dedent(source).encode()).get("marks", [])


@pytest.mark.parametrize(
    "condition", ['__name__ == "__main__"', "__name__=='__main__'", '(__name__ == "__main__")']
)
def test_a_file_that_can_be_run_is_an_entry_point(condition):
    assert marks(f"x = 1\nif {condition}:\n    main()\n") == [("entry", "__main__", 2)]


def test_the_addresses_of_django_are_those_of_its_own_functions():
    source = """\
        from django.urls import path, re_path
        from shop import url
        urlpatterns = [
            path("orders/<int:pk>/", views.order),
            re_path(r"^old/$", views.old, name="old"),
            path("i18n/" + x, y),
            path(f"{x}/", y),
            url("no", y),
        ]
        os.path("x")
    """

    assert marks(source) == [
        ("route:django", "orders/<int:pk>/", 4),
        ("route:django", "^old/$", 5),
    ]
    assert marks("from shop import path\npath('x', y)\n") == []


def test_the_addresses_of_decorators_have_their_methods():
    source = """\
        from flask import Flask
        @app.route("/", methods=["POST", "GET"])
        @app.get('/x')
        def view(): pass
        @cache.get("no address")
        def other(): pass
        @app.route("/y")
        def third(): pass
    """

    assert marks(source) == [
        ("route:flask", "GET,POST /", 2),
        ("route:flask", "GET /x", 3),
        ("route:flask", "/y", 7),
    ]
    assert marks(source.replace("from flask", "from shop")) == []
    assert marks(source.replace("from flask", "from fastapi"))[2][0] == "route:fastapi"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from django.db import models\nclass A(models.Model): pass", ["model:django"]),
        ("from django.db import models\nclass A(models.TextChoices): pass", []),
        (
            "from django.contrib.auth.models import AbstractUser\nclass A(AbstractUser): x = 1",
            ["model:django"],
        ),
        (
            "from sqlalchemy import Column\nclass A(Base):\n    __tablename__ = 'a'",
            ["model:sqlalchemy"],
        ),
        ("from sqlalchemy import Column\nclass A(Base):\n    x = 1", []),
        ("from sqlmodel import SQLModel\nclass A(SQLModel, table=True): pass", ["model:sqlmodel"]),
        ("from pydantic import BaseModel\nclass A(BaseModel): pass", ["model:pydantic"]),
        ("import x\nclass A(BaseModel, models.Model): pass", []),
        ("from django.db import models\nclass A: pass", []),
    ],
)
def test_models_are_those_of_the_framework_a_file_imports(source, found):
    assert [kind for kind, name, line in marks(source) if (name, line) == ("A", 2)] == found


def test_a_package_may_declare_itself_by_a_call():
    source = """\
        from setuptools import setup
        setup(
            name="shop", version=VERSION,
            install_requires=["Django>=5", "six"] + more,
            tests_require=("pytest",),
            extras_require={"x": ["y<2"]},
            entry_points={"console_scripts": ["shop = shop:main"], "other": ["no = no"]},
        )
    """
    beside = {"manifest.setup_cfg": {"b/setup.cfg": {"name": "b"}}}

    found = setups.added(beside, {"a/setup.py": marks(source), "a/x.py": marks(source)})

    assert found["manifest.setup_cfg"] == {
        "b/setup.cfg": {"name": "b"},
        "a/setup.py": {
            "name": "shop",
            "dependencies": [["pytest", "", "dev", 5], ["y", "<2", "optional", 6]],
            "scripts": [["shop", "shop:main", 7]],
        },
    }
    assert marks(source.replace("setuptools", "shop")) == []
