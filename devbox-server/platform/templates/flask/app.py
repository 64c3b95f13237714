import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello from flask\n", {"Content-Type": "text/plain; charset=utf-8"}


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
