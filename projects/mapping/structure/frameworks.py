"""The frameworks a repository is built with: from what it installs, and from what its files do."""

from collections.abc import Iterable
from typing import Any

_BY_PACKAGE = {
    "pypi": """
        Django=django Django_REST_framework=djangorestframework Flask=flask FastAPI=fastapi
        Starlette=starlette Tornado=tornado Sanic=sanic aiohttp=aiohttp Pyramid=pyramid
        Bottle=bottle Falcon=falcon Litestar=litestar Quart=quart Channels=channels Wagtail=wagtail
        SQLAlchemy=sqlalchemy Pydantic=pydantic SQLModel=sqlmodel Peewee=peewee Celery=celery
        django-q2=django-q2 Dramatiq=dramatiq RQ=rq Airflow=apache-airflow Scrapy=scrapy
        pytest=pytest PyTorch=torch TensorFlow=tensorflow scikit-learn=scikit-learn pandas=pandas
        NumPy=numpy Streamlit=streamlit Click=click Typer=typer
    """,
    "npm": """
        React=react Vue=vue Angular=@angular/core Svelte=svelte SvelteKit=@sveltejs/kit Solid=solid-js
        Preact=preact Lit=lit Next.js=next Nuxt=nuxt Remix=@remix-run/react Astro=astro
        Express=express Koa=koa Fastify=fastify Hapi=@hapi/hapi NestJS=@nestjs/core Hono=hono
        Electron=electron React_Native=react-native Expo=expo Redux=redux TypeORM=typeorm
        Mongoose=mongoose Prisma=@prisma/client Sequelize=sequelize Drizzle=drizzle-orm
        GraphQL=graphql Apollo=@apollo/client Vite=vite webpack=webpack Rollup=rollup
        esbuild=esbuild Jest=jest Vitest=vitest Mocha=mocha Playwright=@playwright/test
        Cypress=cypress Storybook=storybook Tailwind_CSS=tailwindcss Three.js=three D3=d3
        jQuery=jquery
    """,
    "go": """
        Gin=github.com/gin-gonic/gin Echo=github.com/labstack/echo/v4 Fiber=github.com/gofiber/fiber/v2
        chi=github.com/go-chi/chi/v5 gorilla/mux=github.com/gorilla/mux gRPC=google.golang.org/grpc
        GORM=gorm.io/gorm ent=entgo.io/ent Cobra=github.com/spf13/cobra
        Kubernetes_client=k8s.io/client-go controller-runtime=sigs.k8s.io/controller-runtime
        testify=github.com/stretchr/testify
    """,
    "cargo": """
        Axum=axum Actix_Web=actix-web Rocket=rocket warp=warp Tokio=tokio Diesel=diesel SQLx=sqlx
        SeaORM=sea-orm Tauri=tauri Bevy=bevy Leptos=leptos Yew=yew Clap=clap Serde=serde
    """,
    "maven": """
        Spring_Boot=org.springframework.boot:spring-boot-starter
        Spring_Boot=org.springframework.boot:spring-boot-starter-web
        Spring_MVC=org.springframework:spring-webmvc Quarkus=io.quarkus:quarkus-core
        Micronaut=io.micronaut:micronaut-http-server Hibernate=org.hibernate.orm:hibernate-core
        JUnit=junit:junit JUnit=org.junit.jupiter:junit-jupiter
    """,
    "nuget": """
        Entity_Framework=Microsoft.EntityFrameworkCore xUnit=xunit NUnit=NUnit Dapper=Dapper
        Newtonsoft.Json=Newtonsoft.Json
    """,
    "packagist": """
        Laravel=laravel/framework Symfony=symfony/framework-bundle Symfony=symfony/symfony
        Slim=slim/slim CakePHP=cakephp/cakephp Doctrine=doctrine/orm PHPUnit=phpunit/phpunit
    """,
    "rubygems": """
        Rails=rails Sinatra=sinatra Hanami=hanami Sidekiq=sidekiq RSpec=rspec Puma=puma
    """,
}
_NAMES = {
    (ecosystem, package): name.replace("_", " ")
    for ecosystem, all_ in _BY_PACKAGE.items()
    for name, _, package in (one.partition("=") for one in all_.split())
}
_BY_MARK = {"django": "Django", "flask": "Flask", "fastapi": "FastAPI", "sqlalchemy": "SQLAlchemy"}
_BY_MARK |= {"pydantic": "Pydantic", "express": "Express", "fastify": "Fastify", "koa": "Koa"}
_BY_MARK |= {"hono": "Hono", "nestjs": "NestJS", "typeorm": "TypeORM", "mongoose": "Mongoose"}
_BY_MARK |= {"sequelize": "Sequelize", "next": "Next.js"}


def frameworks(
    installed: Iterable[dict[str, Any]], marked: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """This function will name each framework once for each version, with the first evidence.

    `marked` are routes and models: what a file does with a framework counts where nothing declares
    it, as in the framework's own repository.
    """
    found: dict[tuple[str, str], tuple[int, str, int]] = {}
    for one in installed:
        name = _NAMES.get((one["ecosystem"], one["name"].lower())) or _NAMES.get(
            (one["ecosystem"], one["name"])
        )
        if name:
            _keep(found, (name, one["version"]), one)
    declared = {name for name, _ in found}
    for one in marked:
        name = _BY_MARK.get(one["framework"], one["framework"])
        if name and name not in declared:
            _keep(found, (name, ""), one)
    return [
        {"name": name, "version": version, "path": path, "line": line}
        for (name, version), (_, path, line) in sorted(found.items())
    ]


def _keep(
    found: dict[tuple[str, str], tuple[int, str, int]], key: tuple[str, str], one: dict[str, Any]
) -> None:
    """The evidence nearest to the top stays."""
    place = (one["path"].count("/"), one["path"], one["line"])
    found[key] = min(found.get(key, place), place)
