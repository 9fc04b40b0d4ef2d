# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwProgram

# The state directory: snapshots, the lock and the controller's note. Whoever could write here could have SYSTEM import a policy.

# owner and rights of SYSTEM and Administrators, nobody else's, and none that come from above
$script:Closed = '^O:(SY|BA)G:[^:]+D:[A-Z]*P[A-Z]*(\([^)]*;;;(SY|BA)\))+(S:.*)?$'

Function Assert-FwDirectory {
    # Throws unless the directory belongs to SYSTEM and Administrators alone. One that is not there yet is well.
    Param([string]$Path)
    $item = Get-Item -LiteralPath $Path -Force -ErrorAction SilentlyContinue
    if (-not $item) { return }
    if (-not $item.PSIsContainer -or ($item.Attributes -band [System.IO.FileAttributes]::ReparsePoint)) {
        throw "the state directory $Path is there, but is no directory of its own; remove it or name another"
    }
    $rights = (Get-Acl -LiteralPath $Path).Sddl
    if ($rights -cnotmatch $script:Closed) {
        throw "the state directory $Path is there, but not for SYSTEM and Administrators alone ($rights); remove it or name another"
    }
}

Function Initialize-FwDirectory {
    # Makes the directory where it is missing.
    Param([string]$Path)
    if (-not (Test-Path -LiteralPath $Path)) {
        $null = [System.IO.Directory]::CreateDirectory($Path)
        try {
            $rights = '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'
            Invoke-FwProgram -Name icacls.exe -Arguments (@($Path, '/inheritance:r') + $rights)
            Invoke-FwProgram -Name icacls.exe -Arguments $Path, '/setowner', '*S-1-5-32-544'
            Assert-FwDirectory -Path $Path
        }
        catch {
            [System.IO.Directory]::Delete($Path)
            throw
        }
        if ([System.IO.Directory]::GetFileSystemEntries($Path).Length) {
            throw "the state directory $Path was just made and holds something already; name one that only administrators can write to"
        }
    }
    Assert-FwDirectory -Path $Path
}

Function Open-FwLock {
    # Opens the lock for this process alone; nothing comes back when another has had it open for ten seconds.
    Param([string]$Directory)
    $until = [DateTime]::UtcNow.AddSeconds(10)
    while ($true) {
        try {
            return [System.IO.File]::Open((Join-Path $Directory 'lock'), 'OpenOrCreate', 'ReadWrite', 'None')
        }
        catch [System.IO.IOException] {
            if ([DateTime]::UtcNow -ge $until) { return }
        }
        Start-Sleep -Milliseconds 200
    }
}

Function Read-FwLock {
    # The transaction that the lock names (transaction, by, until); nothing when it is free.
    Param([System.IO.FileStream]$Lock)
    $bytes = [byte[]]::new([int]$Lock.Length)
    $Lock.Position = 0
    $null = $Lock.Read($bytes, 0, $bytes.Length)
    try {
        $found = ConvertFrom-Json -InputObject ([System.Text.Encoding]::UTF8.GetString($bytes))
    }
    catch {
        $found = $null    # its writer died before anything was changed
    }
    if (-not $found.until) { return }
    # 7 makes times of texts that look like one, 5.1 leaves them
    $until = ([DateTime]$found.until).ToUniversalTime().ToString('s') + 'Z'
    [ordered]@{ transaction = [string]$found.transaction; by = [string]$found.by; until = $until }
}

Function Write-FwLock {
    # Names a transaction in the lock until seconds from now, or frees it.
    Param([System.IO.FileStream]$Lock, [string]$Transaction, [string]$By, [int]$Seconds)
    $Lock.SetLength(0)
    if ($Transaction) {
        $until = [DateTime]::UtcNow.AddSeconds($Seconds).ToString('s') + 'Z'
        $text = ConvertTo-Json -Compress -InputObject ([ordered]@{ transaction = $Transaction; by = $By; until = $until })
        $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
        $Lock.Position = 0
        $Lock.Write($bytes, 0, $bytes.Length)
    }
    $Lock.Flush($true)
}

Function Get-FwKept {
    # What the directory holds: the note, and the transaction that waits, without a name while its run has the lock open.
    Param([string]$Directory)
    Assert-FwDirectory -Path $Directory
    $kept = @{ note = ''; pending = $null }
    $note = Join-Path $Directory 'note.json'
    if (Test-Path -LiteralPath $note) { $kept.note = [System.IO.File]::ReadAllText($note) }
    if (Test-Path -LiteralPath (Join-Path $Directory 'lock')) {
        $lock = Open-FwLock -Directory $Directory
        if (-not $lock) { $kept.pending = [ordered]@{ transaction = ''; by = ''; until = '' } }
        else {
            $pending = Read-FwLock -Lock $lock
            if ($pending) { $kept.pending = $pending }    # of a function's nothing, 5.1 makes {} in JSON
            $lock.Dispose()
        }
    }
    $kept
}

Export-ModuleMember -Function 'Initialize-FwDirectory', 'Open-FwLock', 'Read-FwLock', 'Write-FwLock', 'Get-FwKept'
