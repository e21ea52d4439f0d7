"""A folder with settings in it."""

import pytest

from fannel.config import ConfigError, load


@pytest.fixture
def home(tmp_path):
    """A folder with a fannel.toml that `write()` fills."""

    class Home:
        path = tmp_path

        def write(self, text, name="fannel.toml"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
            return tmp_path / name

        def load(self, **environ):
            return load(environ, cwd=tmp_path)

        def mistakes(self, **environ):
            with pytest.raises(ConfigError) as told:
                load(environ, cwd=tmp_path)
            return str(told.value).splitlines()

    return Home()
