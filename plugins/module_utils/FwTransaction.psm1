# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwDirectory
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwProgram

# A change that is taken back by itself unless it is confirmed: the snapshot, the task that imports it, and the end of either.

# What the task does, as SYSTEM. It is one line of a command within double quotes there, so it has neither comments nor such quotes.
# It waits for whoever has the lock, and takes back nothing that was confirmed meanwhile.
$script:TakeBack = {
    param($lock, $snapshot, $note, $task, $transaction)
    $ErrorActionPreference = 'Stop'
    $stream = [System.IO.File]::Open($lock, 'OpenOrCreate', 'ReadWrite', 'None')
    $text = (New-Object System.IO.StreamReader $stream).ReadToEnd()
    if ($text.Contains($transaction)) {
        $null = & ([System.IO.Path]::Combine($env:SystemRoot, 'System32', 'netsh.exe')) advfirewall import $snapshot
        if ($LASTEXITCODE -ne 0) { exit 1 }
        $stream.SetLength(0)
        $stream.Flush($true)
    }
    Remove-Item -LiteralPath $snapshot, $note -Force -ErrorAction SilentlyContinue
    Unregister-ScheduledTask -TaskName $task -Confirm:$false
}

Function Get-FwTransaction {
    # Where a transaction keeps its things.
    Param([string]$Directory, [string]$Transaction)
    @{
        name = $Transaction
        lock = Join-Path $Directory 'lock'
        snapshot = Join-Path $Directory "$Transaction.wfw"
        note = Join-Path $Directory "$Transaction.note"
        kept_note = Join-Path $Directory 'note.json'
        task = "portmatrix rollback $Transaction"
    }
}

Function Export-FwSnapshot {
    Param($Transaction)
    Invoke-FwProgram -Name netsh.exe -Arguments 'advfirewall', 'export', $Transaction.snapshot
    if (-not (Test-Path -LiteralPath $Transaction.snapshot)) { throw "netsh.exe wrote no snapshot to $($Transaction.snapshot)" }
}

Function Get-FwTaskCommand {
    # The task's command line.
    Param($Transaction)
    $lines = $script:TakeBack.ToString() -split '\r?\n' | ForEach-Object { $_.Trim() } | Where-Object { $_ }
    $code = ($lines -join '; ') -replace '\{; ', '{ ' -replace '; \}', ' }'
    $values = foreach ($key in 'lock', 'snapshot', 'note', 'task', 'name') {
        "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($Transaction[$key]) + "'"
    }
    '-NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "& { ' + $code + ' } ' + ($values -join ' ') + '"'
}

Function Register-FwRollback {
    # Has SYSTEM take the transaction back in so many seconds or at start-up, and try again each minute until that worked.
    Param($Transaction, [int]$Seconds)
    $minute = New-TimeSpan -Minutes 1
    $triggers = @(
        (New-ScheduledTaskTrigger -Once -At (Get-Date).AddSeconds($Seconds) -RepetitionInterval $minute),
        (New-ScheduledTaskTrigger -AtStartup)
    )
    $program = [System.IO.Path]::Combine($env:SystemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe')
    $persistent = @{ StartWhenAvailable = $true; AllowStartIfOnBatteries = $true; DontStopIfGoingOnBatteries = $true }
    $task = @{
        TaskName = $Transaction.task
        Action = New-ScheduledTaskAction -Execute $program -Argument (Get-FwTaskCommand -Transaction $Transaction)
        Trigger = $triggers
        Principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
        Settings = New-ScheduledTaskSettingsSet @persistent -RestartCount 10 -RestartInterval $minute
    }
    $null = Register-ScheduledTask @task -Force -ErrorAction Stop
}

Function Complete-FwTransaction {
    # Ends a transaction, be it confirmed or taken back. The lock goes first: a task that fires now takes back nothing.
    Param($Transaction, [System.IO.FileStream]$Lock)
    Write-FwLock -Lock $Lock
    Unregister-ScheduledTask -TaskName $Transaction.task -Confirm:$false -ErrorAction SilentlyContinue
    Remove-Item -LiteralPath $Transaction.snapshot, $Transaction.note -Force -ErrorAction SilentlyContinue
}

Function Restore-FwSnapshot {
    # Takes a transaction back now. When that fails, the task stays to try it again.
    Param($Transaction, [System.IO.FileStream]$Lock)
    Invoke-FwProgram -Name netsh.exe -Arguments 'advfirewall', 'import', $Transaction.snapshot
    Complete-FwTransaction -Transaction $Transaction -Lock $Lock
}

Function Confirm-FwTransaction {
    # Makes the transaction's note the kept one, and ends it. A note of no characters is none.
    Param($Transaction, [System.IO.FileStream]$Lock)
    $text = [System.IO.File]::ReadAllText($Transaction.note)
    if ($text) { [System.IO.File]::WriteAllText($Transaction.kept_note, $text) }
    else { Remove-Item -LiteralPath $Transaction.kept_note -Force -ErrorAction SilentlyContinue }
    Complete-FwTransaction -Transaction $Transaction -Lock $Lock
}

Function Test-FwAbandoned {
    # Whether the task of a transaction is still there, though its time is over.
    Param($Transaction)
    [bool](Get-ScheduledTask -TaskName $Transaction.task -ErrorAction SilentlyContinue)
}

Export-ModuleMember -Function 'Get-FwTransaction', 'Export-FwSnapshot', 'Register-FwRollback', 'Complete-FwTransaction'
Export-ModuleMember -Function 'Restore-FwSnapshot', 'Confirm-FwTransaction', 'Test-FwAbandoned'
