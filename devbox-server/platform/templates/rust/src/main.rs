use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, io, thread};

const BODY: &str = "Hello from rust\n";

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];

    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < 65536 {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            n => head.extend_from_slice(&piece[..n]),
        }
    }

    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        BODY.len(),
        BODY
    )
}

fn main() -> io::Result<()> {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".to_string());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;

    println!("Listening on http://127.0.0.1:{port}/");
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || answer(stream));
    }

    Ok(())
}
