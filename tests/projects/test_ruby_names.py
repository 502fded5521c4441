"""What Ruby files say, and which file a load or a constant means."""

import pytest

from projects.mapping.languages.ruby import names, syntax
from projects.mapping.manifests import gemfile, gemfile_lock, gemspec
from projects.mapping.sources import Sources


def resolve(sources):
    """This function will resolve what sources load and name: (edges, what led nowhere)."""
    said = {
        path: syntax.facts(text.encode())["imports"]
        for path, text in sources.items()
        if path.endswith(".rb")
    }
    specs = {"manifest.gemspec": {path: {} for path in sources if path.endswith(".gemspec")}}
    found = names.resolve(Sources(frozenset(sources), said, specs))
    return {(src, dst) for src, dst, _ in found.edges}, found.lost


CASES = {
    "relative to the file": (
        {"a/x.rb": 'require_relative "../b/y"', "b/y.rb": "", "y.rb": ""},
        {("a/x.rb", "b/y.rb")},
    ),
    "the library of its own gem before another's": (
        {
            "p/p.gemspec": "",
            "q/q.gemspec": "",
            "p/lib/x.rb": "",
            "q/lib/x.rb": "",
            "q/lib/q/y.rb": 'require "x"',
        },
        {("q/lib/q/y.rb", "q/lib/x.rb")},
    ),
    "the library of another gem, and not its tests": (
        {
            "p/p.gemspec": "",
            "p/lib/x.rb": "",
            "p/test/help.rb": "",
            "q/lib/y.rb": 'require "x"; require "help"',
        },
        {("q/lib/y.rb", "p/lib/x.rb")},
    ),
    "its own tests": (
        {"test/a/x.rb": 'require "helper"', "test/helper.rb": "", "lib/y.rb": ""},
        {("test/a/x.rb", "test/helper.rb")},
    ),
    "an autoload with a path": (
        {"lib/x.rb": 'autoload :Y, "x/y"', "lib/x/y.rb": ""},
        {("lib/x.rb", "lib/x/y.rb")},
    ),
    "an autoload without one": (
        {"lib/x.rb": "module X\n  eager_autoload :HTTPPage\nend", "lib/x/http_page.rb": ""},
        {("lib/x.rb", "lib/x/http_page.rb")},
    ),
    "a constant of the application": (
        {"app/models/user.rb": "class User < Base::Record; end", "app/models/base/record.rb": ""},
        {("app/models/user.rb", "app/models/base/record.rb")},
    ),
    "the innermost module around it first": (
        {
            "app/models/a/x.rb": "module A; class X; Y.new; end; end",
            "app/models/a/y.rb": "",
            "app/models/y.rb": "",
        },
        {("app/models/a/x.rb", "app/models/a/y.rb")},
    ),
    "a constant from the top": (
        {"app/models/a/x.rb": "module A; ::Y; end", "app/models/a/y.rb": "", "app/models/y.rb": ""},
        {("app/models/a/x.rb", "app/models/y.rb")},
    ),
    "a constant inside the file of what is before it": (
        {"app/jobs/x.rb": "User::LIMIT", "app/models/user.rb": ""},
        {("app/jobs/x.rb", "app/models/user.rb")},
    ),
    "concerns are no module, and tests are of the application": (
        {"spec/x_spec.rb": "Kept", "app/models/concerns/kept.rb": ""},
        {("spec/x_spec.rb", "app/models/concerns/kept.rb")},
    ),
    "what another application has": (
        {"one/app/models/x.rb": "User", "two/app/models/user.rb": ""},
        set(),
    ),
    "what is called on something else, or computed": (
        {"x.rb": 'a.require "y"\nrequire "#{b}y"\n# require "./y"\n', "y.rb": "", "lib/y.rb": ""},
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_means(name):
    sources, edges = CASES[name]

    assert resolve(sources)[0] == edges


def test_only_what_is_relative_must_lead_inside():
    lost = resolve({"x.rb": 'require "json"\nrequire_relative "gone"\nrequire_relative "c.so"\n'})[
        1
    ]

    assert lost == [("x.rb", 2)]


def test_definitions_and_marks_are_told():
    told = syntax.facts(
        b"""#!/usr/bin/env ruby
module A::B
  class User < ApplicationRecord
    def self.find; end
    def name?; end
  end
end
get "/users/:id" do 1 end
get "/cart", to: "carts#show"
delete "/x"
puts 1 if __FILE__ == $0
"""
    )

    assert told["definitions"] == [
        ("module", "B", 2),
        ("class", "User", 3),
        ("function", "find", 4),
        ("function", "name?", 5),
    ]
    assert told["marks"] == [
        ("entry", "#!/usr/bin/env ruby", 1),
        ("model:rails", "User", 3),
        ("route:sinatra", "GET /users/:id", 8),
        ("route:rails", "GET /cart", 9),
        ("entry", "__FILE__ == $0", 11),
    ]


def test_a_gemfile_is_read_without_being_run():
    told = gemfile.facts(
        b"""source "https://rubygems.org"
gem "rails", "~> 7.1", ">= 7.1.2"
group :development, :test do
  gem 'debug', platforms: %i[mri]
end
gem "pg", group: :production
gem "rspec", group: [:test]
# gem "none"
"""
    )

    assert told["manifest"]["dependencies"] == [
        ["rails", "~> 7.1, >= 7.1.2", "", 2],
        ["debug", "", "dev", 4],
        ["pg", "", "", 6],
        ["rspec", "", "dev", 7],
    ]


def test_a_gemspec_and_a_lock_file_are_read():
    spec = gemspec.facts(
        b'Gem::Specification.new do |s|\n  s.name = "x"\n  s.version = X::VERSION\n'
        b'  s.add_dependency "rack", ">= 2", "< 4"\n  s.add_development_dependency("rake")\nend\n'
    )
    locked = gemfile_lock.facts(
        b"GEM\n  specs:\n    rack (3.0.8)\n      webrick (~> 1)\n    x-y (1.0-java)\n"
    )

    assert spec["manifest"] == {
        "name": "x",
        "version": "",
        "dependencies": [["rack", ">= 2, < 4", "", 4], ["rake", "", "dev", 5]],
    }
    assert locked["manifest"]["locked"] == [["rack", "3.0.8", 3], ["x-y", "1.0-java", 5]]
