//! Files that need not survive a power loss: nothing is synced.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
    error::{DeleteError, LockError, OpenReadError, OpenWriteError},
};

/// A folder of memory-mapped files, written without `fsync`. A killed process leaves it whole, since the page cache
/// stays; a power loss may not, and is found out by [`survived`].
#[derive(Debug, Clone)]
pub(super) struct Unsynced {
    files: MmapDirectory,
    root: PathBuf,
}

impl Unsynced {
    pub(super) fn open(root: &Path) -> tantivy::Result<Self> {
        Ok(Self { files: MmapDirectory::open(root)?, root: root.to_owned() })
    }
}

struct Unflushed(File);

impl Write for Unflushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Unflushed {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        Ok(())
    }
}

impl Directory for Unsynced {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.files.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let file = File::options().write(true).create_new(true).open(self.root.join(path)).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                OpenWriteError::FileAlreadyExists(path.to_owned())
            } else {
                OpenWriteError::wrap_io_error(error, path.to_owned())
            }
        })?;
        Ok(BufWriter::new(Box::new(Unflushed(file))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.files.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let path = self.root.join(path);
        let next = path.with_extension("next");
        fs::write(&next, data)?;
        fs::rename(next, path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.files.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.files.watch(callback)
    }
}

/// The file that names the segments of the last commit.
const META: &str = "meta.json";
const BOOT: &str = "boot";

/// Whether the machine has run without a break since the folder was marked: then nothing written to it was lost.
/// A system that doesn't tell is taken for one that broke.
pub(super) fn survived(root: &Path) -> bool {
    matches!((boot(), fs::read_to_string(root.join(BOOT))), (Some(now), Ok(then)) if now == then)
}

/// Whether nobody wrote to the files of these segments since the index was last committed: they are written once,
/// before the file that names them.
pub(super) fn untouched(root: &Path, segments: &HashSet<String>) -> io::Result<bool> {
    let committed = fs::metadata(root.join(META))?.modified()?;
    for file in fs::read_dir(root)? {
        let file = file?;
        let name = file.file_name();
        let segment = name.to_str().and_then(|name| name.split('.').next());
        if segment.is_some_and(|segment| segments.contains(segment)) && file.metadata()?.modified()? > committed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Marks the folder as written since this start of the machine.
pub(super) fn mark(root: &Path) -> io::Result<()> {
    fs::write(root.join(BOOT), boot().unwrap_or_default())
}

fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().filter(|id| !id.is_empty())
}
