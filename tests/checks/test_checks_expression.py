import pytest

from fannel.checks.expression import Expression, ExpressionError, MissingDataError


def value_of(source, **values):
    return Expression(source, values)(values)


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("link == 'down'", {"link": "down"}, True),
        ("link in ['up', 'down']", {"link": "testing"}, False),
        ("rows[0].status | lower", {"rows": [{"status": "UP"}]}, "up"),
        ("rows | selectattr('state', 'equalto', 'Idle') | list | length", {"rows": [{"state": "Idle"}]}, 1),
        ("reason | default('none given')", {"reason": "x"}, "x"),
        ("log.reason | default('none given')", {"log": {}}, "none given"),
        ("'a' if log.x is defined else 'b'", {"log": {}}, "b"),
        (r"flags is search('\bRUNNING\b')", {"flags": "<UP,RUNNING>"}, True),
        (r"text is match('\d+\.\d+$')", {"text": "12.5"}, True),
        ("text is match('UP')", {"text": "up"}, True),
        (r"text == 'don\'t'", {"text": "don't"}, True),
        ("(crc | int) > 10 and link == 'up'", {"crc": "12", "link": "up"}, True),
        (r"name | regex_replace('^PowerSupply(\d+)$', 'PSU \1')", {"name": "PowerSupply2"}, "PSU 2"),
        (r"name | regex_replace('^PowerSupply(\d+)$', 'PSU \1')", {"name": "fan 2"}, "fan 2"),
        ("rows | dict2items | map(attribute='value.state') | list", {"rows": {"1": {"state": "ok"}}}, ["ok"]),
    ],
)
def test_an_expression_should_read_as_in_ansible(source, values, expected):
    assert value_of(source, **values) == expected


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("rows[0].status", {"rows": []}),
        ("rows[0].status", {"rows": [{}]}),
        ("rows[0].status == 'up'", {"rows": [{}]}),
        ("not rows[0].up", {"rows": [{}]}),
        ("number > 3", {"number": "many"}),
        ("1 / number", {"number": 0}),
        ("text.no_such_method()", {"text": "x"}),
        ("rows | dict2items", {"rows": ["no", "mapping"]}),
        ("text is search('(')", {"text": "x"}),
        ("data | sum", {"data": ["a", {}]}),
    ],
)
def test_what_cannot_be_worked_out_should_be_missing_data(source, values):
    with pytest.raises(MissingDataError):
        value_of(source, **values)


@pytest.mark.parametrize(
    "source",
    [
        "text.__class__.__mro__",
        "text.__class__.__subclasses__()",
        "text.format.__globals__",
        "''.join.__self__.__class__",
        "rows.append(1)",
        "rows.clear()",
        "(text | string).__init__",
    ],
)
def test_an_expression_should_not_reach_out_of_the_sandbox(source):
    rows = [1]
    with pytest.raises((MissingDataError, ExpressionError)):
        value_of(source, text="x", rows=rows)
    assert rows == [1]


@pytest.mark.parametrize("source", ["range(9)", "lipsum()", "cycler(1)", "lookup('pipe', 'id')", "self", "config"])
def test_no_global_should_be_known(source):
    with pytest.raises(ExpressionError, match="neither a command nor a fact"):
        Expression(source, ["link"])


@pytest.mark.parametrize("source", ["link | attr('x')", "link | map(attribute='x') | tojson", "link | pprint"])
def test_only_the_short_list_of_filters_should_be_there(source):
    with pytest.raises(ExpressionError, match="No filter named"):
        Expression(source, ["link"])


@pytest.mark.parametrize("source", ["link }}{{ link", "{{ link }}", "link %}{% set x = 1", "link ==", "", "link link"])
def test_what_is_not_one_expression_should_be_refused(source):
    with pytest.raises(ExpressionError):
        Expression(source, ["link"])


def test_device_output_should_never_be_a_template():
    hostile = "{{ 7 * 7 }}{% for x in [] %}"
    assert value_of("text", text=hostile) == hostile
    assert value_of("text == '49'", text="{{ 7 * 7 }}") is False
