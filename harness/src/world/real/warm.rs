//! A template, from the harness's side. While one world is at work, the init of
//! the next is made, and with it its network, unless it may have this one's.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use super::failure::Failure;
use super::heard::{PATIENCE, confused};
use super::ids::IdMap;
use super::kernel::Pidfd;
use super::left::Left;
use super::stage::StageId;
use super::wire::Channel;
use super::wire::message::{MakeInit, Network};

/// After so many worlds that have left theirs as it was, the next one is expected
/// to do so too. An init that was made ahead in the network of a world that then
/// touches it is of no use.
const IN_A_ROW: u32 = 2;

const MAKE: &str = "make an init by the template";

/// A warm sandbox without a world in it.
#[derive(Debug)]
pub(super) struct Template {
    /// The folders that its worlds have.
    pub binds: Vec<PathBuf>,
    /// The user ids of its worlds.
    pub users: IdMap,
    /// Their group ids.
    pub groups: IdMap,
    channel: Channel,
    /// Whether it was asked for a world: who asks twice may ask again.
    asked: bool,
    /// The init of the next world, which was asked for ahead.
    next: Option<Next>,
    /// The network of the last world, and what becomes of it.
    network: Network,
    last: Option<Left>,
    /// How many worlds before it have left theirs untouched, in a row.
    untouched: u32,
}

/// An init whose making is not answered for yet.
#[derive(Debug)]
struct Next {
    network: Network,
    /// What it is to talk by.
    channel: Channel,
}

impl Template {
    /// The one with this PID, which these folders are bound in.
    ///
    /// # Errors
    /// If its ids cannot be read.
    pub fn new(binds: &[PathBuf], channel: Channel, pid: i32) -> Result<Template, Failure> {
        let map = |file: &str| -> Result<IdMap, Failure> {
            let path = format!("/proc/{pid}/{file}");
            let text = fs::read_to_string(&path);
            let text =
                text.map_err(|why| Failure::new(StageId::Range, format_args!("read {path}"), why))?;
            Ok(IdMap::parse(&text))
        };
        Ok(Template {
            binds: binds.to_vec(),
            users: map("uid_map")?,
            groups: map("gid_map")?,
            channel,
            asked: false,
            next: None,
            network: Network::New,
            last: None,
            untouched: 0,
        })
    }

    /// An init, which waits to be told of its world, whose network `left` will be
    /// told of; `None` if the template is gone.
    ///
    /// # Errors
    /// What could not be made.
    pub fn init(&mut self, left: Left) -> Result<Option<(Channel, Pidfd)>, Failure> {
        self.network = self.wanted();
        let network = self.network;
        let init = self.init_in(network);
        if let Ok(Some(_)) = &init {
            self.last = Some(left);
        }
        init
    }

    /// The network that the next world gets.
    fn wanted(&mut self) -> Network {
        let untouched = |left: Left| left.is_untouched();
        self.untouched = match self.last.take().is_some_and(untouched) {
            true => self.untouched.saturating_add(1),
            false => 0,
        };
        match self.untouched >= IN_A_ROW {
            true => Network::Kept,
            false => Network::New,
        }
    }

    fn init_in(&mut self, network: Network) -> Result<Option<(Channel, Pidfd)>, Failure> {
        if let Some(next) = self.next.take() {
            // What fails ahead is told when it fails again.
            let pidfd = match self.answer() {
                Ok(Some(pidfd)) => Some(pidfd),
                Ok(None) => return Ok(None),
                Err(_) => None,
            };
            let suits = network == Network::Kept || next.network == Network::New;
            if let Some(pidfd) = pidfd.filter(|_| suits) {
                return Ok(Some((next.channel, pidfd)));
            }
        }
        let Some(channel) = self.ask(network)? else {
            return Ok(None);
        };
        Ok(self.answer()?.map(|pidfd| (channel, pidfd)))
    }

    /// Asks for the init of the next world, which is expected to want the same
    /// network, unless this may be the only world.
    pub fn ask_ahead(&mut self) {
        if !std::mem::replace(&mut self.asked, true) {
            return;
        }
        let network = self.network;
        if let Ok(Some(channel)) = self.ask(network) {
            self.next = Some(Next { network, channel });
        }
    }

    fn ask(&self, network: Network) -> Result<Option<Channel>, Failure> {
        let at = |why: io::Error| Failure::new(StageId::Processes, MAKE, why);
        let (ours, theirs) = Channel::pair().map_err(at)?;
        let request = MakeInit { network };
        let asked = self.channel.send_with(&request, &[], &[theirs.as_fd()]);
        Ok(asked.is_ok().then_some(ours))
    }

    fn answer(&self) -> Result<Option<Pidfd>, Failure> {
        let at = |why: io::Error| Failure::new(StageId::Processes, MAKE, why);
        let answer = self.channel.receive_within::<Result<(), Failure>>(PATIENCE);
        let Some(answer) = answer.map_err(at)? else {
            return Ok(None);
        };
        answer.message?;
        let pidfd = answer.fds.into_iter().next();
        let pidfd = pidfd.ok_or_else(|| confused(MAKE, &"no pidfd came along"))?;
        Ok(Some(pidfd.into()))
    }
}
