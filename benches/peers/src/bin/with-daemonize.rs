//! A daemon that does nothing, by the crate `daemonize`: `with-daemonize PID-FILE`.

fn main() {
    let file = std::env::args_os().nth(1).expect("the PID file is named");
    let started = daemonize::Daemonize::new().pid_file(file).start();
    started.unwrap_or_else(|error| panic!("{error}"));
    loop {
        std::thread::park();
    }
}
