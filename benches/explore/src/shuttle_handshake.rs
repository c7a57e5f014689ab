//! The readiness handshake of the daemonizer for shuttle.

/// Only what the three have to do with each other, each of it one
/// step: the pipe with its three records and its end, the signal, the end of
/// the intermediate. The hundred calls that nobody else notices are left out,
/// since a search without a reduction would try each of them at every place.
pub fn start() {
    use shuttle::sync::atomic::{AtomicUsize, Ordering};
    use shuttle::sync::{Arc, Condvar, Mutex};
    let pipe = Arc::new((Mutex::new((0usize, 2usize)), Condvar::new()));
    let signal = Arc::new(AtomicUsize::new(0));
    let close = |pipe: &(Mutex<(usize, usize)>, Condvar)| {
        pipe.0.lock().expect("nobody panics").1 -= 1;
        pipe.1.notify_all();
    };
    let (lent, sent) = (pipe.clone(), signal.clone());
    let intermediate = shuttle::thread::spawn(move || {
        let (line, target) = (lent.clone(), sent);
        let daemon = shuttle::thread::spawn(move || {
            let write = || {
                line.0.lock().expect("nobody panics").0 += 1;
                line.1.notify_all();
            };
            write();
            write();
            target.store(1, Ordering::SeqCst);
            write();
            close(&line);
        });
        close(&lent);
        daemon
    });
    let mut read = 0;
    while read < 3 {
        let mut held = pipe.0.lock().expect("nobody panics");
        while held.0 == 0 && held.1 > 0 {
            held = pipe.1.wait(held).expect("nobody panics");
        }
        read += std::mem::take(&mut held.0);
    }
    assert_eq!(signal.load(Ordering::SeqCst), 1);
    let daemon = intermediate.join().expect("it does not panic");
    daemon.join().expect("it does not panic");
}
