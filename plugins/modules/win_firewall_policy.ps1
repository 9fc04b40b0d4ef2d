#!powershell

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwDirectory
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwPolicy
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwProbe
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwState
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwTransaction

$rule = @{
    name = @{ type = 'str'; required = $true }
    description = @{ type = 'str'; default = '' }
    group = @{ type = 'str'; default = '' }
    direction = @{ type = 'int'; required = $true }
    protocol = @{ type = 'int'; required = $true }
    local_ports = @{ type = 'str'; default = '' }
    remote_ports = @{ type = 'str'; default = '' }
    local_addresses = @{ type = 'str'; required = $true }
    remote_addresses = @{ type = 'str'; required = $true }
    profiles = @{ type = 'int'; required = $true }
    action = @{ type = 'int'; required = $true }
    enabled = @{ type = 'bool'; required = $true }
}
$selector = @{
    name = @{ type = 'str'; required = $true }
    program = @{ type = 'str'; default = '' }
    service = @{ type = 'str'; default = '' }
    protocol = @{ type = 'int'; required = $true }
    local_ports = @{ type = 'str'; default = '' }
    direction = @{ type = 'int'; required = $true }
}
$settings = @{
    name = @{ type = 'str'; required = $true; choices = @('domain', 'private', 'public') }
    enabled = @{ type = 'bool' }
    default_inbound = @{ type = 'str'; choices = @('block', 'allow', 'block_all') }
    default_outbound = @{ type = 'str'; choices = @('block', 'allow') }
    log_allowed = @{ type = 'bool' }
    log_dropped = @{ type = 'bool' }
}
$probe = @{
    address = @{ type = 'str'; required = $true }
    port = @{ type = 'int'; required = $true }
}
$spec = @{
    options = @{
        operation = @{ type = 'str'; choices = @('read', 'apply', 'confirm', 'rollback'); default = 'read' }
        transaction = @{ type = 'str' }
        by = @{ type = 'str' }
        timeout = @{ type = 'int' }
        state_directory = @{ type = 'path'; default = '%SystemRoot%\portmatrix' }
        management_port = @{ type = 'int'; default = 0 }
        remove_before = @{ type = 'list'; elements = 'str'; default = @() }
        add = @{ type = 'list'; elements = 'dict'; default = @(); options = $rule }
        disable = @{ type = 'list'; elements = 'dict'; default = @(); options = $selector }
        profiles = @{
            type = 'list'
            elements = 'dict'
            default = @()
            options = $settings
            required_together = @(, @('default_inbound', 'default_outbound'))
        }
        enable = @{ type = 'list'; elements = 'dict'; default = @(); options = $selector }
        remove_after = @{ type = 'list'; elements = 'str'; default = @() }
        note = @{ type = 'str'; default = '' }
        probes = @{ type = 'list'; elements = 'dict'; default = @(); options = $probe }
    }
    required_if = @(
        @('operation', 'apply', @('transaction', 'by', 'timeout')),
        @('operation', 'confirm', @(, 'transaction')),
        @('operation', 'rollback', @(, 'transaction'))
    )
    no_log = $true    # the event log takes no entry as long as a batch, and says so in a warning
    supports_check_mode = $true
}

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$p = $module.Params
$result = $module.Result

Function Enter-FwChange {
    # Takes the lock, unless another's change waits to be confirmed.
    Param($Lock, $Transaction)
    $other = Read-FwLock -Lock $Lock
    if ($other) {
        if (([DateTime]$other.until).ToUniversalTime() -gt [DateTime]::UtcNow) {
            $result.held = [ordered]@{ by = $other.by; until = $other.until }
            throw "$($other.by) changes the firewall of this host, until $($other.until) at most"
        }
        $late = Get-FwTransaction -Directory $p.state_directory -Transaction $other.transaction
        if (Test-FwAbandoned -Transaction $late) {
            Restore-FwSnapshot -Transaction $late -Lock $Lock
            $result.changed = $true
            throw "a change by $($other.by) was neither confirmed nor taken back in time; it has been taken back now, so run this again"
        }
        Complete-FwTransaction -Transaction $late -Lock $Lock    # its run died before it changed anything, or with a timeout of 0
    }
    Write-FwLock -Lock $Lock -Transaction $Transaction.name -By $p.by -Seconds ($p.timeout + 60)
}

Function Start-FwChange {
    # Keeps what is needed to take the change back.
    Param($Transaction)
    $result.answered = @(Test-FwProbe -Targets $p.probes)
    [System.IO.File]::WriteAllText($Transaction.note, $p.note)
    Export-FwSnapshot -Transaction $Transaction
    if ($p.timeout) { Register-FwRollback -Transaction $Transaction -Seconds $p.timeout }
}

Function Undo-FwChange {
    # Takes the change back, and returns a sentence on how that went.
    Param($Lock, $Transaction)
    try {
        Restore-FwSnapshot -Transaction $Transaction -Lock $Lock
        $result.rolled_back = $true
        'The snapshot was imported: the policy is as it was.'
    }
    catch {
        $problem = $_.Exception.Message
        $result.rolled_back = $false
        if (-not $p.timeout) { Register-FwRollback -Transaction $Transaction -Seconds 60 }
        "The snapshot $($Transaction.snapshot) could not be imported ($problem): the policy may be changed in part. A task tries again each minute."
    }
}

Function Assert-FwPending {
    Param($Lock, $Transaction)
    $pending = Read-FwLock -Lock $Lock
    if (-not $pending -or $pending.transaction -cne $Transaction.name) {
        $result.gone = $true
        throw "transaction $($Transaction.name) is not pending: it was taken back, confirmed, or never made"
    }
}

Function Invoke-FwChange {
    # Does an operation that writes, under the lock; whatever fails in between leaves the policy as it was.
    Param($Lock, $Transaction)
    if ($p.operation -ne 'apply') { Assert-FwPending -Lock $Lock -Transaction $Transaction }
    else {
        Enter-FwChange -Lock $Lock -Transaction $Transaction
        try {
            Start-FwChange -Transaction $Transaction
        }
        catch {
            $problem = $_.Exception.Message
            Complete-FwTransaction -Transaction $Transaction -Lock $Lock
            throw "$($problem.TrimEnd('.')). Nothing was changed."
        }
    }
    $result.changed = $true
    if ($p.operation -eq 'rollback') {
        $said = Undo-FwChange -Lock $Lock -Transaction $Transaction
        if (-not $result.rolled_back) { throw $said }
        return
    }
    try {
        if ($p.operation -eq 'apply') {
            $switched = Invoke-FwBatch -Batch $p
            $result.enabled = $switched.enabled
            $result.disabled = $switched.disabled
        }
        else {
            $silent = @(Get-FwSilent -Targets $p.probes)
            if ($silent.Length) { throw "this answered before the change and does not answer now: $($silent -join ', ')" }
        }
        if ($p.operation -eq 'confirm' -or -not $p.timeout) { Confirm-FwTransaction -Transaction $Transaction -Lock $Lock }
    }
    catch {
        throw "$($_.Exception.Message.TrimEnd('.')). $(Undo-FwChange -Lock $Lock -Transaction $Transaction)"
    }
}

if ($p.operation -ne 'read' -and $p.transaction -cnotmatch '^[0-9a-f]{16}\z') {
    $module.FailJson("transaction: $($p.transaction); allowed: 16 hexadecimal digits in lower case")
}
if ($p.operation -eq 'apply' -and $p.timeout -lt 0) { $module.FailJson("timeout: $($p.timeout); allowed: seconds, or 0 for good at once") }
if (-not [System.IO.Path]::IsPathRooted($p.state_directory)) {
    $module.FailJson("state_directory: $($p.state_directory); allowed: a whole path")
}

$failure = $null
$lock = $null
try {
    if ($p.operation -eq 'read') { $result.changed = $false }
    elseif ($module.CheckMode) { $result.changed = $true }
    else {
        Initialize-FwDirectory -Path $p.state_directory
        $lock = Open-FwLock -Directory $p.state_directory
        if (-not $lock) {
            $result.held = [ordered]@{ by = ''; until = '' }
            throw 'another run writes the policy at this moment'
        }
        $transaction = Get-FwTransaction -Directory $p.state_directory -Transaction $p.transaction
        Invoke-FwChange -Lock $lock -Transaction $transaction
        $lock.Dispose()
    }
    if ($p.operation -ne 'confirm') {
        $result.state = Get-FwState -ManagementPort $p.management_port
        $kept = Get-FwKept -Directory $p.state_directory
        $result.state.note = $kept.note
        $result.state.pending = $kept.pending
        foreach ($sentence in $result.state.unread) { $module.Warn($sentence) }
    }
}
catch {
    $failure = $_
}
if ($lock) { $lock.Dispose() }
if ($failure) { $module.FailJson("$($p.operation): $($failure.Exception.Message)", $failure) }
$module.ExitJson()
