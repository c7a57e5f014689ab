//! Worlds that are another one but for a few things.

/// Methods of [`World`](crate::world::World) that do as the same methods of a field, to stand in
/// an `impl World`: `delegate_world!(world: launch, file);`.
#[macro_export]
macro_rules! delegate_world {
    ($field:ident: $($method:ident),+ $(,)?) => {
        $($crate::delegate_world!(@ $method $field);)+
    };
    (@ launch $field:ident) => {
        $crate::delegate_world!(% $field.launch(launch: &$crate::world::spec::LaunchSpec) -> i32);
    };
    (@ launch_facts $field:ident) => {
        $crate::delegate_world!(% $field.launch_facts(id: &str) -> $crate::world::facts::LaunchFacts);
    };
    (@ processes $field:ident) => {
        $crate::delegate_world!(% $field.processes() -> Vec<$crate::world::facts::ProcessFacts>);
    };
    (@ remaining $field:ident) => {
        $crate::delegate_world!(
            % $field.remaining() -> (Vec<$crate::world::facts::ProcessFacts>, usize)
        );
    };
    (@ file $field:ident) => {
        $crate::delegate_world!(
            % $field.file(path: &::std::path::Path) -> $crate::world::facts::FileFacts
        );
    };
    (@ sockets $field:ident) => {
        $crate::delegate_world!(% $field.sockets() -> Vec<$crate::world::facts::SocketFacts>);
    };
    (@ signal $field:ident) => {
        $crate::delegate_world!(
            % $field.signal(pid: i32, signal: ::daemonlab::sys::Signal) -> ()
        );
    };
    (@ hang_up $field:ident) => {
        $crate::delegate_world!(% $field.hang_up(id: &str) -> ());
    };
    (@ write_file $field:ident) => {
        $crate::delegate_world!(% $field.write_file(file: &$crate::world::spec::FileSpec) -> ());
    };
    (@ connect $field:ident) => {
        $crate::delegate_world!(
            % $field.connect(
                address: &str,
                data: &[u8],
                enough: usize,
                within: ::std::time::Duration,
            ) -> Vec<u8>
        );
    };
    (@ wait $field:ident) => {
        $crate::delegate_world!(
            % $field.wait(at_most: ::std::time::Duration) -> Vec<$crate::world::event::Event>
        );
    };
    (@ tick $field:ident) => {
        fn tick(&self) -> ::std::time::Duration {
            self.$field.tick()
        }
    };
    (@ now $field:ident) => {
        fn now(&self) -> ::std::time::Duration {
            self.$field.now()
        }
    };
    (% $field:ident.$method:ident($($name:ident: $kind:ty),* $(,)?) -> $answer:ty) => {
        fn $method(
            &mut self,
            $($name: $kind),*
        ) -> ::std::result::Result<$answer, $crate::world::WorldError> {
            self.$field.$method($($name),*)
        }
    };
}
