import os
import secrets
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

settings.configure(
    DEBUG=True,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ.get("SECRET_KEY") or secrets.token_urlsafe(32),
)


def hello(request):
    return HttpResponse("Hello from django\n", content_type="text/plain; charset=utf-8")


urlpatterns = [path("", hello)]

if __name__ == "__main__":
    address = "127.0.0.1:" + os.environ.get("PORT", "8080")
    execute_from_command_line(sys.argv if len(sys.argv) > 1 else [sys.argv[0], "runserver", "--noreload", address])
