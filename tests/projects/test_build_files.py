"""What the build files of Maven, Gradle and .NET say of a folder."""

import pytest

from projects.mapping import manifests
from projects.mapping.manifests import (
    build_gradle,
    csproj,
    gradle_catalog,
    gradle_lockfile,
    pom_xml,
)


def test_a_module_of_maven():
    source = b"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.shop</groupId><version>2.0</version></parent>
  <artifactId>cart</artifactId>
  <properties><guava>33.0</guava><g>${guava}-jre</g></properties>
  <modules><module>web</module></modules>
  <dependencyManagement><dependencies>
    <dependency><groupId>a</groupId><artifactId>b</artifactId><version>1</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>a</groupId><artifactId>b</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>core</artifactId>
      <version>${project.version}</version></dependency>
    <dependency><groupId>g</groupId><artifactId>guava</artifactId><version>${g}</version>
      <scope>test</scope></dependency>
    <dependency><groupId>x</groupId><artifactId>y</artifactId><version>${elsewhere}</version>
      <optional>true</optional></dependency>
  </dependencies>
  <build><plugins><plugin><artifactId>maven-jar-plugin</artifactId></plugin></plugins></build>
</project>"""

    assert pom_xml.facts(source)["manifest"] == {
        "name": "org.shop:cart",
        "version": "2.0",
        "dependencies": [
            ["a:b", "1", "", 10],
            ["org.shop:core", "2.0", "", 11],
            ["g:guava", "33.0-jre", "dev", 13],
            ["x:y", "${elsewhere}", "optional", 15],
            ["org.apache.maven.plugins:maven-jar-plugin", "", "build", 18],
        ],
        "managed": [["a:b", "1", 7]],
        "modules": ["web"],
    }


def test_a_script_of_gradle():
    source = b"""plugins { id("org.springframework.boot") version "3.2.0" }
version = '1.4'
dependencies {
    implementation 'com.google.guava:guava:33.0-jre'
    api("a:b")  // api("a:commented:1")
    testImplementation(platform("org.junit:junit-bom:5.10.0"))
    /* implementation 'a:out:1'
    */ compileOnly group: 'c', name: 'd', version: '2'
    implementation(project(":core"))
    println("not:a-dependency:1")
}"""

    assert build_gradle.facts(source)["manifest"] == {
        "version": "1.4",
        "dependencies": [
            ["a:b", "", "", 5],
            ["c:d", "2", "optional", 8],
            ["com.google.guava:guava", "33.0-jre", "", 4],
            ["org.junit:junit-bom", "5.10.0", "dev", 6],
            ["org.springframework.boot", "3.2.0", "build", 1],
        ],
        "projects": [[":core", 9]],
    }
    assert build_gradle.facts(b"rootProject.name = 'shop'")["manifest"]["name"] == "shop"


def test_a_version_catalogue_and_a_lock_file_of_gradle():
    catalogue = b"""[versions]
guava = "33.0"
[libraries]
guava = { module = "com.google.guava:guava", version.ref = "guava" }
junit = "org.junit:junit:5.10"
strict = { group = "a", name = "b", version = { strictly = "1.0" } }
[plugins]
kotlin = { id = "org.jetbrains.kotlin.jvm", version = "2.0" }
"""

    assert gradle_catalog.facts(catalogue)["manifest"]["dependencies"] == [
        ["a:b", "1.0", "", 6],
        ["com.google.guava:guava", "33.0", "", 4],
        ["org.jetbrains.kotlin.jvm", "2.0", "build", 8],
        ["org.junit:junit", "5.10", "", 5],
    ]
    lock = b"# generated\na:b:1.0=compileClasspath,runtimeClasspath\nempty=\n"
    assert gradle_lockfile.facts(lock)["manifest"] == {"locked": [["a:b", "1.0", 2]]}


def test_a_project_of_dotnet():
    source = b"""\xef\xbb\xbf<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><AssemblyName>Shop.Core</AssemblyName><Version>1.2</Version>
    <Logs>3.1</Logs></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Serilog" Version="$(Logs)" />
    <PackageReference Include="Analyzer" PrivateAssets="all"><Version>2.0</Version></PackageReference>
    <PackageVersion Include="Central" Version="4.0" />
    <ProjectReference Include="..\\Api\\Api.csproj" />
    <Using Include="System.Math" Static="true" />
  </ItemGroup>
</Project>"""

    assert csproj.facts(source)["manifest"] == {
        "name": "Shop.Core",
        "version": "1.2",
        "dependencies": [["Analyzer", "2.0", "dev", 6], ["Serilog", "3.1", "", 5]],
        "locked": [["Central", "4.0", 7]],
        "projects": [["../Api/Api.csproj", 8]],
        "usings": [["System.Math", "", True, 9]],
    }


def test_the_older_list_of_packages_of_dotnet():
    source = b"""<packages>
  <package id="NUnit" version="3.0" developmentDependency="true" />
</packages>"""

    assert csproj.facts(source)["manifest"] == {"dependencies": [["NUnit", "3.0", "dev", 2]]}


LAUGHS = b'<!DOCTYPE project [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><project>&b;</project>'
HOSTILE = {
    "entities": ("pom.xml", LAUGHS),
    "deep elements": ("x.csproj", b"<a>" * 100_000),
    "no xml": ("pom.xml", b"\xff\xfe\x00"),
    "an unknown encoding": ("pom.xml", b'<?xml version="1.0" encoding="x-none"?><project/>'),
    "another document": ("pom.xml", b"<html/>"),
    "deep toml": ("libs.versions.toml", b"a = " + b"[" * 100_000),
}
LARGE = {
    "a property of itself": (
        "pom.xml",
        b"<project><properties><a>%s</a></properties><build><plugins><plugin><artifactId>${a}"
        b"</artifactId></plugin></plugins></build></project>" % (b"${a}" * 200_000),
        1,
    ),
    "an open text": ("build.gradle", b'"\\' * 500_000, 0),
    "open comments": ("build.gradle", b"/*" * 500_000, 0),
    "many spaces": ("build.gradle", b"api 'a:b:1'\napi" + b" " * 1_000_000, 1),
    "many dependencies": ("build.gradle", b"api 'a:b:1'\n" * 40_000, 40_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_manifest_is_broken(case):
    path, source = HOSTILE[case]

    assert manifests.reader(manifests.key_of(path))(source) == {"manifest": {}, "broken": True}


@pytest.mark.parametrize("case", LARGE)
def test_a_large_manifest_is_read_to_its_end(case):
    """What takes more than a moment for one of these takes hours."""
    path, source, count = LARGE[case]

    read = manifests.reader(manifests.key_of(path))(source)["manifest"]

    assert len(read["dependencies"]) == count
    assert all(len(name) < 400 for name, *_ in read["dependencies"])
